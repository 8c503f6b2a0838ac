export { isObjectName, LIST_LIMIT_MAX, listAll, OBJECT_BYTES_MAX } from './object-store.js';
export type { ListedObject, ListOptions, ObjectPage, ObjectStore, PutOptions } from './object-store.js';
export { FolderObjectStore } from './folder-object-store.js';
export { S3ObjectStore } from './s3-object-store.js';
export type { S3Credentials, S3Settings } from './s3-settings.js';
export { parseObjectStoreUrl } from './object-store-url.js';
export type { ObjectStorePlace } from './object-store-url.js';
