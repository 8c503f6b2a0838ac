// The forms that settings have: a text is read to a value, or is not of the form.
import { parseDuration } from '@tessera/time';

export interface Form<Value> {
  /** What is allowed, for whoever wrote something else. */
  readonly allowed: string;
  /** Undefined where the text is not of this form. */
  readonly parse: (text: string) => { readonly value: Value } | undefined;
}

export const PATH: Form<string> = { allowed: 'a path', parse: (text) => (text.trim() === '' ? undefined : { value: text }) };

export const HOST: Form<string> = {
  allowed: 'an IP address or a host name',
  parse: (text) => (/^[\w.:-]+$/.test(text) ? { value: text } : undefined),
};

export const TEXT: Form<string> = {
  allowed: 'a text without line breaks',
  parse: (text) => (/[\r\n]/.test(text) ? undefined : { value: text }),
};

export const PORT: Form<number> = { allowed: 'a port, 0 for any', parse: (text) => wholeNumber(text, 0, 65_535) };

export const DURATION: Form<number> = {
  allowed: 'a duration like 250ms or 10s',
  parse: (text) => {
    const value = parseDuration(text);
    return value === undefined || value <= 0 ? undefined : { value };
  },
};

export const URL_OF_HTTP: Form<string> = {
  allowed: 'an http or https URL',
  parse: (text) => {
    const parsed = URL.parse(text);
    return parsed?.protocol === 'http:' || parsed?.protocol === 'https:' ? { value: text } : undefined;
  },
};

export const MONGO_URI: Form<string> = {
  allowed: 'mongodb://… or mongodb+srv://…, with the name of a database',
  parse: (text) => (/^mongodb(\+srv)?:\/\/[^/\s]+\/[\w-]+(\?\S*)?$/.test(text) ? { value: text } : undefined),
};

export const ADDRESSES: Form<readonly string[]> = {
  allowed: 'host:port, several separated by commas',
  parse: (text) => {
    const value = text.split(',').map((one) => one.trim());
    return value.every((one) => /^[\w.-]+:\d{1,5}$|^\[[\da-f:]+\]:\d{1,5}$/i.test(one)) ? { value } : undefined;
  },
};

export const TOPIC_PREFIX: Form<string> = {
  allowed: 'letters, digits, dots, hyphens and underscores, at most 100',
  parse: (text) => (/^[\w.-]{1,100}$/.test(text) ? { value: text } : undefined),
};

export function numberFrom(least: number, most: number): Form<number> {
  return {
    allowed: `a whole number from ${String(least)} to ${String(most)}`,
    parse: (text) => wholeNumber(text, least, most),
  };
}

/** Days by topic, `events=400,links=400`; each of the topics once at most. */
export function daysOf<const Topic extends string>(...topics: readonly Topic[]): Form<Readonly<Partial<Record<Topic, number>>>> {
  return {
    allowed: `TOPIC=DAYS, several separated by commas, of ${topics.join(', ')}`,
    parse: (text) => {
      const days: Partial<Record<Topic, number>> = {};
      for (const one of text.split(',')) {
        const [, name, count = ''] = /^\s*([a-z-]+)=(\d+)\s*$/.exec(one) ?? [];
        const topic = topics.find((each) => each === name);
        const parsed = wholeNumber(count, 1, 36_500);
        if (topic === undefined || parsed === undefined || topic in days) return undefined;
        days[topic] = parsed.value;
      }
      return { value: days };
    },
  };
}

export function oneOf<const Value extends string>(...values: readonly Value[]): Form<Value> {
  return {
    allowed: values.join(', '),
    parse: (text) => {
      const value = values.find((each) => each === text);
      return value === undefined ? undefined : { value };
    },
  };
}

/** Nothing is undefined. */
export function optional<Value>({ allowed, parse }: Form<Value>): Form<Value | undefined> {
  return { allowed: `${allowed}, or nothing`, parse: (text) => (text === '' ? { value: undefined } : parse(text)) };
}

function wholeNumber(text: string, least: number, most: number): { readonly value: number } | undefined {
  const value = Number(text);
  return /^\d{1,9}$/.test(text) && value >= least && value <= most ? { value } : undefined;
}
