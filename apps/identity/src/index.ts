export { composeIdentity, type IdentityComposition } from './compose-identity.js';
export { IdentityService } from './asking/identity-service.js';
export type { IdentityServiceOptions, UnlinkAnswer, UnlinkQuestion } from './asking/identity-service.js';
export { IdentityModule } from './identity.module.js';
export type { IdentityModuleOptions } from './identity.module.js';
export { IDENTITY_CONTRACT } from './grpc/contract.js';
