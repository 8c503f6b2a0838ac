// What a watcher of the demo reads: one line per thing that happens, with the time since the play began.
// T1 Colours follow NO_COLOR and the terminal (node:util decides); the last line of `--once` never carries one.
import { styleText } from 'node:util';

type Style = Parameters<typeof styleText>[0];

export class Telling {
  private startMs = Date.now();

  constructor(private readonly write: (text: string) => void = (text) => void process.stdout.write(text)) {}

  begin(): void {
    this.startMs = Date.now();
  }

  act(title: string): void {
    this.write(`\n${styleText('bold', title)}\n`);
  }

  does(who: string, what: string): void {
    this.line(' ', `${styleText('cyan', who)} ${what}`);
  }

  change(kind: string, who: string, segment: string, why: string): void {
    const [sign, style]: [string, Style] =
      kind === 'entered' ? ['+', 'green'] : kind === 'exited' ? ['-', 'yellow'] : ['~', 'gray'];
    this.line(styleText(style, sign), `${styleText('cyan', who)} ${kind} ${styleText(style, segment)} ${styleText('gray', why)}`);
  }

  decision(who: string, slot: string, content: string, headline: string, why: string): void {
    this.line(styleText('magenta', '?'), `${slot} for ${styleText('cyan', who)}: ${styleText('magenta', content)} "${headline}"`);
    this.write(`             because ${why}\n`);
  }

  note(text: string): void {
    this.line(' ', styleText('gray', text));
  }

  promise(name: string, ok: boolean, found: string): void {
    this.write(`  ${ok ? styleText('green', 'kept  ') : styleText('red', 'BROKEN')} ${name}${styleText('gray', `: ${found}`)}\n`);
  }

  private line(sign: string, text: string): void {
    const seconds = ((Date.now() - this.startMs) / 1_000).toFixed(2).padStart(6);
    this.write(`${styleText('gray', `${seconds} s`)}  ${sign}  ${text}\n`);
  }
}
