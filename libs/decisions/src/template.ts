// One Liquid template: a string of a payload. Compiled once, rendered with `traits`, `features` and `context`.
// T1 A template reads own properties of the values it is given and nothing else: no prototype, no file, no environment.
// T2 It changes none of them, draws no random number, and its `now` is the time of the decision.
// T3 Only the tags and filters named here exist: what includes files, parses expressions at render time, nests arrays in arrays
//    without a bound or changes its surroundings is left out.
// T4 Strict: a missing value, an unknown filter or a spent budget is an error, never a half-written text. A missing value is
//    caught by `default` as the first filter, and is false in a condition. Lenient (fallback content): a missing value is empty.
import type { FilterImplOptions, Template } from 'liquidjs';
import { Context, Liquid, defaultOperators, toValueSync } from 'liquidjs';
import { parseInstant } from '@tessera/time';
import type { TemplateBudget } from './template-budget.js';

/** Longest template, in characters: parsing is not metered, so its input is. */
export const TEMPLATE_MAX = 16 * 1024;

export type TemplateScope = Readonly<Record<'traits' | 'features' | 'context', Readonly<Record<string, unknown>>>>;

const TAGS = new Set('assign capture case comment cycle for if raw unless break continue echo liquid #'.split(' '));

const FILTERS = new Set(
  [
    'append capitalize downcase escape escape_once lstrip newline_to_br prepend remove remove_first replace replace_first',
    'rstrip slice split squish strip strip_html strip_newlines truncate truncatewords upcase url_decode url_encode',
    'abs at_least at_most ceil divided_by floor minus modulo plus round times',
    'compact concat find find_index first has join last map reject reverse size sort sort_natural sum uniq where',
    'date default json',
  ].flatMap((line) => line.split(' ')),
);

/** Filters whose first argument is searched for in the value. */
const SEARCHING = new Set(['remove', 'remove_first', 'replace', 'replace_first', 'split']);

const liquid = engine();

/** Throws an Error that names the place where the text is no template. */
export function parseTemplate(text: string): readonly Template[] {
  return liquid.parse(text);
}

/** Throws an Error; see T4. */
export function renderTemplate(
  template: readonly Template[],
  scope: TemplateScope,
  budget: TemplateBudget,
  strict: boolean,
): string {
  const limiter = budget as unknown as Context['memoryLimit'];
  const context = new Context(
    scope,
    liquid.options,
    { sync: true, strictVariables: strict, ownPropertyOnly: true },
    { memoryLimit: limiter, renderLimit: limiter, liquid },
  );
  return String(toValueSync(liquid.renderer.renderTemplates(template as Template[], context)));
}

function engine(): Liquid {
  const made = new Liquid({
    // A mapping of templates takes the place of the file system; it is empty, and no tag that reads it is left.
    templates: {},
    ownPropertyOnly: true,
    strictFilters: true,
    strictVariables: true,
    lenientIf: true,
    parseLimit: TEMPLATE_MAX,
    timezoneOffset: 0,
    locale: 'en-US',
    operators: meteredOperators(),
  });
  for (const name of Object.keys(made.tags)) if (!TAGS.has(name)) delete made.tags[name];
  for (const [name, filter] of Object.entries(made.filters)) {
    if (FILTERS.has(name)) made.registerFilter(name, metered(name, name === 'date' ? dateFilter(filter) : filter));
    else made.unregisterFilter(name);
  }
  const renderer = made.renderer;
  const render = renderer.renderTemplates.bind(renderer);
  // Captures and branches render through here too: Liquid's own emitter does not count what it collects.
  renderer.renderTemplates = (templates, context, emitter) =>
    render(templates, context, emitter ?? new MeteredEmitter(budgetOf(context)));
  return made;
}

class MeteredEmitter {
  buffer = '';

  constructor(private readonly budget: TemplateBudget) {}

  write(value: unknown): void {
    if (typeof value === 'string') {
      this.budget.use(value.length);
      this.buffer += value;
    } else if (Array.isArray(value)) for (const element of value) this.write(element);
    // Null and undefined are empty text, as everywhere in Liquid; an object has no text of its own.
    else if (value !== null && value !== undefined) this.write(String(value as number));
  }
}

function budgetOf(context: Context): TemplateBudget {
  return context.memoryLimit as unknown as TemplateBudget;
}

type FilterHandler = Extract<FilterImplOptions, (...parameters: never[]) => unknown>;

function metered(name: string, filter: FilterImplOptions): FilterHandler {
  const handler = typeof filter === 'function' ? filter : filter.handler;
  const searching = SEARCHING.has(name);
  return function* (
    this: ThisParameterType<FilterHandler>,
    value: unknown,
    ...parameters: unknown[]
  ): Generator<unknown, unknown, unknown> {
    const budget = budgetOf(this.context);
    if (searching) budget.chargeSearch(value, parameters[0]);
    const result = yield handler.call(this, value, ...parameters);
    budget.charge(result);
    return result;
  };
}

/** `now` is the time of the decision; texts are RFC 3339 only, for what else Date reads depends on the machine's time zone. */
function dateFilter(filter: FilterImplOptions): FilterHandler {
  const handler = typeof filter === 'function' ? filter : filter.handler;
  return function (this: ThisParameterType<FilterHandler>, value: unknown, ...parameters: unknown[]): unknown {
    if (typeof value !== 'string' || /^\d+$/.test(value)) return handler.call(this, value, ...parameters) as unknown;
    const ms = value === 'now' || value === 'today' ? budgetOf(this.context).nowMs : parseInstant(value);
    return ms === undefined ? value : (handler.call(this, new Date(ms), ...parameters) as unknown);
  };
}

function meteredOperators(): typeof defaultOperators {
  const operators: typeof defaultOperators = {};
  for (const [name, operator] of Object.entries(defaultOperators)) {
    operators[name] =
      name === 'not' || name === 'and' || name === 'or'
        ? operator
        : (left: unknown, right: unknown, context: Context) => {
            if (name === 'contains') budgetOf(context).chargeSearch(left, right);
            else budgetOf(context).charge(left);
            return operator(left, right, context);
          };
  }
  return operators;
}
