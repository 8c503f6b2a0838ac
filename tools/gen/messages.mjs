// The messages of proto/ by full name, with their comments.
import protobuf from 'protobufjs';

export function messagesOf(tree) {
  const found = new Map();
  for (const path of tree.under('proto/', '.proto')) {
    const { root } = protobuf.parse(tree.text(path), new protobuf.Root(), { alternateCommentMode: true });
    visit(root, (type) => found.set(type.fullName.slice(1), type));
  }
  return found;
}

function visit(namespace, each) {
  for (const nested of namespace.nestedArray) {
    if (nested instanceof protobuf.Type) each(nested);
    if (nested instanceof protobuf.Namespace) visit(nested, each);
  }
}
