// GET /: which doors there are, for whoever opens the address in a browser.
import { Controller, Get, Header, Module, type DynamicModule } from '@nestjs/common';

const DOORS = [
  ['POST /v1/{identify,track,page,screen,group,alias,batch,import}', 'tracking API, as Segment has it'],
  ['POST /v1/events', 'CloudEvents'],
  ['POST /v1/decide', 'what to show to a person'],
  ['/api/v1', 'definitions, segments, profiles, topics; described at <a href="/api/openapi.json">/api/openapi.json</a>'],
] as const;

const PAGE = `<!doctype html><html lang="en"><meta charset="utf-8"><title>Tessera</title>
<style>body{font:16px/1.5 system-ui;max-width:46rem;margin:4rem auto;padding:0 1rem}code{font-size:14px}dt{margin-top:1rem}</style>
<h1>Tessera</h1><p>This server runs. Its doors:</p>
<dl>${DOORS.map(([door, what]) => `<dt><code>${door}</code></dt><dd>${what}</dd>`).join('')}</dl></html>
`;

@Controller()
class DoorsController {
  @Get()
  @Header('content-type', 'text/html; charset=utf-8')
  page(): string {
    return PAGE;
  }
}

@Module({})
export class DoorsModule {
  static register(): DynamicModule {
    return { module: DoorsModule, controllers: [DoorsController] };
  }
}
