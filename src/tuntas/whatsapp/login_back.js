// Runs first in a document of a profile that had an earlier life. A login that Chromium had not written yet when its
// browser died is taken back from the bridge's copy (see bridge/login_copy.js), before anything of the page runs: a page
// that begins without its login makes itself new keys, and one that is reloaded in the middle of its start takes the
// storage that fails under it for a broken one, logs out and clears what was left.
(() => {
  const LOOKED = "tuntas-looked-for-login"; // once in a browser's life
  if (window !== window.top || !location.protocol.startsWith("http")) return;
  if (localStorage.getItem("last-wid-md") !== null || sessionStorage.getItem(LOOKED) !== null) return;
  sessionStorage.setItem(LOOKED, "yes");
  window.stop();
  const copy = new Promise((resolve, reject) => {
    const opening = indexedDB.open("tuntas", 1);
    opening.onupgradeneeded = () => opening.result.createObjectStore("tuntas");
    opening.onerror = () => reject(opening.error);
    opening.onsuccess = () => {
      const request = opening.result.transaction("tuntas").objectStore("tuntas").get("last-wid-md");
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error);
    };
  });
  copy
    .then((entries) => JSON.parse(entries ?? "[]").forEach(([key, value]) => localStorage.setItem(key, value)))
    .catch(() => {}) // nothing to take back: the page shows a QR, and says itself what is wrong with its storage
    .finally(() => location.reload());
})();
