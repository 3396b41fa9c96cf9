// Who this device is stands in localStorage, which Chromium writes some seconds late: a browser that dies in between has
// forgotten the login. A copy in IndexedDB is on disk at once; login_back.js takes it back.

const COPIES = "tuntas";
const LOGIN = "last-wid-md";
// Belongs to one tab of one life of the browser.
const NOT_COPIED = new Set(["whatsapp-mutex"]);

const writeCopies = (work) =>
  new Promise((resolve, reject) => {
    const opening = indexedDB.open(COPIES, 1);
    opening.onupgradeneeded = () => opening.result.createObjectStore(COPIES);
    opening.onerror = () => reject(opening.error);
    opening.onsuccess = () => {
      const database = opening.result;
      const transaction = database.transaction(COPIES, "readwrite", { durability: "strict" });
      work(transaction.objectStore(COPIES));
      const finish = (settle) => {
        database.close();
        settle(transaction.error);
      };
      transaction.oncomplete = () => finish(resolve);
      transaction.onabort = () => finish(reject);
    };
  });

let copied = null;

// On return the login outlives a SIGKILL. A disk that takes no copy keeps nobody from working.
const copyLogin = async () => {
  const entries = Object.entries(localStorage).filter(([key]) => !NOT_COPIED.has(key));
  const copy = JSON.stringify(entries);
  if (copy === copied || localStorage.getItem(LOGIN) === null) return;
  await writeCopies((store) => store.put(copy, LOGIN)).then(
    () => (copied = copy),
    () => {},
  );
};

const forgetLogin = () => {
  copied = null;
  return writeCopies((store) => store.clear()).catch(() => {});
};

const hasLoggedOut = new URLSearchParams(location.search).get("post_logout") === "1";
if (hasLoggedOut && location.protocol.startsWith("http")) forgetLogin();
