/*
 * Who this device is: its keys, and the phone it belongs to once it is paired.
 *
 * The keys are random bytes: nothing is encrypted here, they only identify the device, as the real ones also do. They
 * lie where the real page has them. `WANoiseInfo` and the own address are in localStorage, and a device is registered
 * if both are there; the noise key is in CacheStorage as well, the others are in IndexedDB. Chromium writes
 * localStorage to disk some seconds late: a browser that is killed right after a scan has forgotten it.
 *
 * `load` must have finished before keys are asked for. Whether somebody is logged in is answered from localStorage at
 * once and never throws, because wa-js asks the moment it is injected and stops for good if that fails.
 */
"use strict";

__d("SandboxIdentity", [], (global, require, _default, _namespace, _lazy, _module, exports) => {
  const { promised, signal } = require("SandboxStorage");
  const { encodeB64, decodeB64 } = require("WABase64");
  const KEY_BYTES = 32;
  const NOISE_INFO = "WANoiseInfo";
  const PREFERENCES = { wid: "last-wid-md", lid: "WALid", name: "me-display-name", isMigrated: "sandbox-lid-migrated" };
  const CACHE = "wa_web_user_prefs_cache_store";
  const CACHE_ADDRESS = `https://_user_prefs_key_store_.whatsapp.com/${CACHE}_${NOISE_INFO}`;
  const REGISTRATION = "registration";
  const identity = { keys: null, me: rememberedMe() };

  const randomBytes = (length = KEY_BYTES) => crypto.getRandomValues(new Uint8Array(length));
  const decoded = (text) => new Uint8Array(decodeB64(text));
  const keyPair = () => ({ pubKey: randomBytes(), privKey: randomBytes() });

  function rememberedMe() {
    const read = (key) => JSON.parse(localStorage.getItem(key) ?? "null");
    const [wid, lid, name, isMigrated] = Object.values(PREFERENCES).map(read);
    if (localStorage.getItem(NOISE_INFO) === null || wid === null || lid === null) return null;
    return { number: wid.split(/[:@]/, 1)[0], lid: lid.split(/[:@]/, 1)[0], name, isMigrated };
  }

  function noiseKeys() {
    const text = localStorage.getItem(NOISE_INFO);
    if (text === null) return null;
    const { staticKeyPair } = JSON.parse(text);
    return { pubKey: decoded(staticKeyPair.pubKey), privKey: decoded(staticKeyPair.privKey) };
  }

  async function keepNoiseKeys({ pubKey, privKey }) {
    const info = { staticKeyPair: { pubKey: encodeB64(pubKey), privKey: encodeB64(privKey) }, recoveryToken: "" };
    localStorage.setItem(NOISE_INFO, JSON.stringify(info));
    const cache = await global.caches?.open(CACHE); // not everywhere but on https and on this machine
    await cache?.put(CACHE_ADDRESS, Response.json(info));
  }

  async function registration() {
    const kept = await signal.read(["signal-meta-store"], (store) => promised(store.get(REGISTRATION)));
    if (kept !== undefined) return kept;
    const fresh = {
      identity: keyPair(),
      advSecret: randomBytes(),
      registrationId: Math.floor(Math.random() * 16380) + 1,
    };
    await signal.write(["signal-meta-store"], (store) => store.put(fresh, REGISTRATION));
    return fresh;
  }

  async function load() {
    let noise = noiseKeys();
    if (noise === null) {
      noise = keyPair();
      await keepNoiseKeys(noise);
    }
    // Whose noise key is another one is another device.
    const deviceId = Array.from(noise.pubKey.subarray(0, 16), (byte) => byte.toString(16).padStart(2, "0")).join("");
    identity.keys = { deviceId, noise, ...(await registration()) };
  }

  /* `me` is {number, lid, name, isMigrated}. */
  function remember(me) {
    localStorage.setItem(PREFERENCES.wid, JSON.stringify(`${me.number}:1@c.us`));
    localStorage.setItem(PREFERENCES.lid, JSON.stringify(`${me.lid}:1@lid`));
    localStorage.setItem(PREFERENCES.name, JSON.stringify(me.name));
    localStorage.setItem(PREFERENCES.isMigrated, JSON.stringify(me.isMigrated));
    identity.me = me;
  }

  /* Everything of this device, wherever it lies. */
  async function forget() {
    localStorage.clear();
    await global.caches?.delete(CACHE);
    await require("SandboxStorage").clear();
    identity.me = null;
  }

  exports.identity = identity;
  exports.load = load;
  exports.remember = remember;
  exports.forget = forget;
});

__d("WAWebUserPrefsInfoStore", [], (_global, require, _default, _namespace, _lazy, _module, exports) => {
  const { identity } = require("SandboxIdentity");
  exports.waNoiseInfo = {
    async get() {
      return { staticKeyPair: identity.keys.noise, recoveryToken: new ArrayBuffer(0) };
    },
  };
});

__d("WAWebSignalStoreApi", [], (_global, require, _default, _namespace, _lazy, _module, exports) => {
  const { identity } = require("SandboxIdentity");
  exports.waSignalStore = {
    async getRegistrationInfo() {
      return { registrationId: identity.keys.registrationId, identityKeyPair: identity.keys.identity };
    },
  };
});

__d("WAWebUserPrefsMultiDevice", [], (_global, require, _default, _namespace, _lazy, _module, exports) => {
  const { identity } = require("SandboxIdentity");
  const { encodeB64 } = require("WABase64");
  exports.getADVSecretKey = () => encodeB64(identity.keys.advSecret);
  exports.isRegistered = () => identity.me !== null;
});

__d("WAWebUserPrefsIsLoggedIn", [], (_global, require, _default, _namespace, _lazy, _module, exports) => {
  const { identity } = require("SandboxIdentity");
  let connected = false; // with a login, or on the way to be

  exports.isLoggedIn = () => identity.me !== null && connected;
  exports.setIsConnectedAsRegistered = (value) => void (connected = value);
});

__d("WAWebUserPrefsMeUser", [], (_global, require, _default, _namespace, _lazy, _module, exports) => {
  const { identity } = require("SandboxIdentity");
  const { createUserWidOrThrow, createWid } = require("WAWebWidFactory");

  const pnUser = () => (identity.me === null ? undefined : createUserWidOrThrow(identity.me.number));
  const lidUser = () => (identity.me === null ? undefined : createUserWidOrThrow(identity.me.lid, "lid"));

  function orThrow(wid, what) {
    if (wid === undefined) throw new Error(`no ${what}: this device is not paired`);
    return wid;
  }

  exports.getMaybeMePnUser = pnUser;
  exports.getMaybeMeLidUser = lidUser;
  // The phone is device 0; this one is the first that it linked.
  exports.getMaybeMeDevicePn = () => (identity.me === null ? undefined : createWid(`${identity.me.number}:1@c.us`));
  exports.getMePnUserOrThrow_DO_NOT_USE = () => orThrow(pnUser(), "own number");
  exports.getMeLidUserOrThrow = () => orThrow(lidUser(), "own lid");
});
