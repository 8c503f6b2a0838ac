// The object stores of the command line: the one file of this app that names their adapters.
import { FolderObjectStore, parseObjectStoreUrl, S3ObjectStore, type ObjectStore } from '@tessera/object-store';
import type { Config } from '@tessera/settings';

/** The store at an address as people write it. Throws RangeError that says what is allowed. */
export async function openObjectStore(
  address: string,
  { s3AccessKeyId, s3SecretAccessKey, s3SessionToken }: Config,
): Promise<ObjectStore> {
  const place = parseObjectStoreUrl(address);
  if (place.kind === 'folder') return FolderObjectStore.open(place.folder);
  if (s3AccessKeyId === undefined || s3SecretAccessKey === undefined)
    throw new RangeError(
      'an s3:// address needs credentials: set TESSERA_S3_ACCESS_KEY_ID and TESSERA_S3_SECRET_ACCESS_KEY_FILE (a file that holds it)',
    );
  const credentials = { accessKeyId: s3AccessKeyId, secretAccessKey: s3SecretAccessKey, sessionToken: s3SessionToken };
  return new S3ObjectStore({ ...place.settings, credentials });
}
