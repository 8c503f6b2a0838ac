import { describe, test } from '@jest/globals';
import { stateStoreContract } from '@tessera/testkit';
import { MONGO_OFFERS, mongoStore, sharedUri } from './subjects.js';

stateStoreContract('MongoStateStore', { offers: MONGO_OFFERS, open: () => mongoStore(sharedUri()) }, { describe, test });
