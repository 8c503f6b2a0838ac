// Sends a visit through the tracking API with Segment's own SDK. With Node.js 24: the panel of `npm start` shows the key.
//   WRITE_KEY=wk_… node examples/send-events.ts
import { Analytics } from '@segment/analytics-node';

const analytics = new Analytics({
  writeKey: process.env['WRITE_KEY'] ?? '',
  host: process.env['TESSERA_URL'] ?? 'http://127.0.0.1:8080',
});
analytics.on('error', (error) => {
  process.exitCode = 1;
  console.error(error);
});

analytics.track({ anonymousId: 'phone-1', event: 'Product Viewed', properties: { name: 'Rain jacket', price: 120 } });
analytics.track({ anonymousId: 'phone-1', event: 'Product Added', properties: { name: 'Rain jacket', price: 120 } });
analytics.identify({ anonymousId: 'phone-1', userId: 'ada', traits: { firstName: 'Ada', tier: 'gold' } });
await analytics.closeAndFlush();
