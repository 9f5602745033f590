// What this phone keeps until it is sent: acts in order, their photos, drafts of what is being typed.
const NAME = "cityops-tasks";
const STORES = { items: { keyPath: "id", autoIncrement: true }, photos: { keyPath: "id" }, drafts: { keyPath: "key" } };
let opening;

function open() {
  opening ??= new Promise((resolve, reject) => {
    const request = indexedDB.open(NAME, 1);
    request.onupgradeneeded = () => {
      for (const [name, options] of Object.entries(STORES)) request.result.createObjectStore(name, options);
    };
    request.onsuccess = () => {
      request.result.onversionchange = () => request.result.close();
      resolve(request.result);
    };
    request.onerror = () => reject(request.error);
  });
  return opening;
}

/** Do something with a store; resolves when it is on the phone, not before. */
async function within(store, mode, work) {
  const transaction = (await open()).transaction(store, mode, { durability: "strict" });
  const request = work(transaction.objectStore(store));
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve(request?.result);
    transaction.onabort = transaction.onerror = () => reject(transaction.error);
  });
}

export const put = (store, value) => within(store, "readwrite", (one) => one.put(value));
export const get = (store, key) => within(store, "readonly", (one) => one.get(key));
export const all = (store) => within(store, "readonly", (one) => one.getAll());
export const drop = (store, key) => within(store, "readwrite", (one) => one.delete(key));

/** Forget everything of this installation: acts, photos, drafts, kept pages. */
export async function wipe() {
  for (const store of Object.keys(STORES)) await within(store, "readwrite", (one) => one.clear());
  for (const name of await caches.keys()) if (name.startsWith("cityops-pages-")) await caches.delete(name);
}
