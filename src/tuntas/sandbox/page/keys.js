/*
 * Who this device is: its keys, and the phone it belongs to once it is paired.
 *
 * The keys are random bytes: nothing is encrypted here, they only identify the device, as the real ones also do.
 * `load` must have finished before anything else asks; the synchronous getters answer from memory and never throw,
 * because wa-js asks `isLoggedIn` the moment it is injected and stops for good if that fails.
 */
"use strict";

__d("SandboxIdentity", [], (_global, require, _default, _namespace, _lazy, _module, exports) => {
  const { promised, read, write } = require("SandboxStorage");
  const KEY_BYTES = 32;
  const identity = { keys: null, me: null };

  function randomBytes(length = KEY_BYTES) {
    return crypto.getRandomValues(new Uint8Array(length));
  }

  function freshKeys() {
    return {
      deviceId: crypto.randomUUID(),
      noise: { pubKey: randomBytes(), privKey: randomBytes() },
      identity: { pubKey: randomBytes(), privKey: randomBytes() },
      advSecret: randomBytes(),
      registrationId: Math.floor(Math.random() * 16380) + 1,
    };
  }

  async function load() {
    const [keys, me] = await read(["device"], (device) =>
      Promise.all([promised(device.get("keys")), promised(device.get("me"))]),
    );
    identity.me = me ?? null;
    identity.keys = keys ?? freshKeys();
    if (keys === undefined) await write(["device"], (device) => device.put(identity.keys, "keys"), "strict");
  }

  /* `me` is {number, lid, name, platform}. On return it is on disk, and only then does the page say so. */
  async function remember(me) {
    await write(["device"], (device) => device.put(me, "me"), "strict");
    identity.me = me;
  }

  exports.identity = identity;
  exports.load = load;
  exports.remember = remember;
  exports.forget = () => {
    identity.me = null;
  };
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
  const { notImitated } = require("SandboxNotImitated");
  exports.getADVSecretKey = () => encodeB64(identity.keys.advSecret);
  exports.setADVSignedIdentity = notImitated("signed device identities");
});

__d("WAWebUserPrefsRegistration", [], (_global, require, _default, _namespace, _lazy, _module, exports) => {
  const { identity } = require("SandboxIdentity");
  exports.isRegistered = () => identity.me !== null;
});

__d("WAWebSocketLoginState", [], (_global, require, _default, _namespace, _lazy, _module, exports) => {
  const { identity } = require("SandboxIdentity");
  exports.isLoggedIn = () => identity.me !== null;
});

__d("WAWebUserPrefsMeUser", [], (_global, require, _default, _namespace, _lazy, _module, exports) => {
  const { identity } = require("SandboxIdentity");
  const { createUserWidOrThrow } = require("WAWebWidFactory");

  const pnUser = () => (identity.me === null ? undefined : createUserWidOrThrow(identity.me.number));
  const lidUser = () => (identity.me === null ? undefined : createUserWidOrThrow(identity.me.lid, "lid"));

  function orThrow(wid, what) {
    if (wid === undefined) throw new Error(`no ${what}: this device is not paired`);
    return wid;
  }

  exports.getMaybeMePnUser = pnUser;
  exports.getMaybeMeLidUser = lidUser;
  exports.getMePnUserOrThrow = () => orThrow(pnUser(), "own number");
  exports.getMeLidUserOrThrow = () => orThrow(lidUser(), "own lid");
});
