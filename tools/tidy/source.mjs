// What the rules want to know of a TypeScript or JavaScript file, read once with the compiler's parser.
import ts from 'typescript';

const cache = new WeakMap();

/** Parsed file of a tree. */
export function sourceOf(tree, path) {
  if (!cache.has(tree)) cache.set(tree, new Map());
  const files = cache.get(tree);
  if (!files.has(path)) files.set(path, ts.createSourceFile(path, tree.text(path), ts.ScriptTarget.Latest, true));
  return files.get(path);
}

/** Line of a node, from 1. */
export function lineOf(source, position) {
  return source.getLineAndCharacterOfPosition(position).line + 1;
}

/**
 * Imports and re-exports, dynamic ones too: { specifier, line, typeOnly, names }; names of the values that are taken, undefined when all are.
 */
export function importsOf(tree, path) {
  const source = sourceOf(tree, path);
  const found = [];
  const add = (node, specifier, names, typeOnly) =>
    found.push({ specifier: specifier.text, line: lineOf(source, node.getStart()), typeOnly, names });
  const visit = (node) => {
    if (ts.isImportDeclaration(node))
      add(node, node.moduleSpecifier, ...namesOf(node.importClause?.namedBindings, node.importClause));
    else if (ts.isExportDeclaration(node) && node.moduleSpecifier)
      add(node, node.moduleSpecifier, ...namesOf(node.exportClause, node));
    else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
      const [specifier] = node.arguments;
      if (specifier && ts.isStringLiteralLike(specifier)) add(node, specifier, undefined, false);
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

function namesOf(bindings, clause) {
  if (clause?.isTypeOnly || clause?.phaseModifier === ts.SyntaxKind.TypeKeyword) return [[], true];
  const elements = bindings && (ts.isNamedImports(bindings) || ts.isNamedExports(bindings)) ? bindings.elements : undefined;
  if (elements === undefined) return [undefined, false];
  const values = elements.filter((element) => !element.isTypeOnly).map((element) => (element.propertyName ?? element.name).text);
  return [clause.name ? undefined : values, values.length === 0 && elements.length > 0 && !clause.name];
}

/** Functions with the number of their lines: { name, line, lines }. */
export function functionsOf(tree, path) {
  const source = sourceOf(tree, path);
  const found = [];
  const visit = (node) => {
    if (ts.isFunctionLike(node) && node.body) {
      const first = lineOf(source, node.getStart());
      found.push({ name: nameOf(node), line: first, lines: lineOf(source, node.getEnd()) - first + 1 });
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

function nameOf(node) {
  if (node.name) return node.name.getText();
  const parent = node.parent;
  if (parent && (ts.isVariableDeclaration(parent) || ts.isPropertyAssignment(parent))) return parent.name.getText();
  return ts.isConstructorDeclaration(node) ? 'constructor' : 'a function';
}

/** True where the file holds nothing but re-exports. */
export function isBarrel(tree, path) {
  return sourceOf(tree, path).statements.every((statement) => ts.isExportDeclaration(statement));
}
