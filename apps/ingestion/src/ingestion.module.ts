// The ingestion service as a module: whoever composes it brings the log, the clock and the credentials.
import { Module } from '@nestjs/common';
import type { DynamicModule } from '@nestjs/common';
import { CloudEventsController } from './http/cloud-events.controller.js';
import { PixelController } from './http/pixel.controller.js';
import { SettingsController } from './http/settings.controller.js';
import { TrackingController } from './http/tracking.controller.js';
import { Ingestion, INGESTION, INGESTION_LIMITS } from './ingestion-options.js';
import type { IngestionOptions } from './ingestion-options.js';
import { IngestionCounters } from './intake/counters.js';
import { Intake } from './intake/intake.js';
import { Reception } from './intake/reception.js';

@Module({})
export class IngestionModule {
  /** Provides and exports `IngestionCounters`. */
  static register(options: IngestionOptions): DynamicModule {
    const { counters = new IngestionCounters() } = options;
    const limits = { ...INGESTION_LIMITS, ...options.limits };
    const intake = new Intake(options.log, limits, counters, options.sender);
    const reception = new Reception(options, intake, counters, limits);
    const ingestion = new Ingestion(options.credentials, limits, options.publicUrl, reception, counters);
    return {
      module: IngestionModule,
      controllers: [TrackingController, CloudEventsController, SettingsController, PixelController],
      providers: [
        { provide: INGESTION, useValue: ingestion },
        { provide: IngestionCounters, useValue: counters },
      ],
      exports: [IngestionCounters],
    };
  }
}
