/*
 * The account's passkey between the scan and the pairing: WhatsApp calls it Shortcake.
 *
 * The server's request comes with options for `navigator.credentials.get`. What the passkey signs goes back; then page
 * and phone show the same code, and whoever sees both confirms. Nothing starts by itself: on the real page a person
 * presses a button.
 */
"use strict";

__d("SandboxPasskey", [], (_global, require, _default, _namespace, _lazy, _module, exports) => {
  const { WAWebLinkDeviceEvents } = require("WAWebLinkDeviceEvents");
  const state = { options: null, code: null };

  exports.state = state;
  exports.request = ({ options }) => {
    state.options = options;
    require("WAWebAltDeviceLinkingApi").setPairingType("SHORTCAKE_PASSKEY");
    WAWebLinkDeviceEvents.triggerPasskeyPrologueRequest();
  };
  exports.codeReady = ({ code, skip }) => {
    state.code = code;
    WAWebLinkDeviceEvents.triggerShortcakeVerificationCodeReady(code, skip);
    if (skip) void require("WAWebShortcakeLinkingAction").confirmShortcakeVerificationCode();
  };
  exports.failed = ({ reason }) => {
    Object.assign(state, { options: state.options, code: null });
    WAWebLinkDeviceEvents.triggerShortcakeError(reason);
  };
});

__d("WAWebShortcakeLinkingPasskeyPrologue", [], (global, require, _default, _namespace, _lazy, _module, exports) => {
  const { decodeB64UrlSafe, encodeB64UrlSafe } = require("WABase64");
  const { transport } = require("SandboxTransport");
  const { state } = require("SandboxPasskey");

  async function assertion(options) {
    const publicKey = JSON.parse(options);
    publicKey.challenge = decodeB64UrlSafe(publicKey.challenge);
    const credential = await global.navigator.credentials.get({ publicKey });
    if (credential?.type !== "public-key") throw new Error("Shortcake prologue: there was no credential");
    const { clientDataJSON, authenticatorData, signature, userHandle } = credential.response;
    return {
      id: credential.id,
      rawId: encodeB64UrlSafe(credential.rawId),
      type: credential.type,
      response: {
        clientDataJSON: encodeB64UrlSafe(clientDataJSON),
        authenticatorData: encodeB64UrlSafe(authenticatorData),
        signature: encodeB64UrlSafe(signature),
        userHandle: userHandle ? encodeB64UrlSafe(userHandle) : null,
      },
    };
  }

  exports.executePasskeyPrologue = async () => {
    if (state.options === null) throw new Error("Shortcake prologue: the server asked for no passkey");
    const credential = await assertion(state.options);
    const answer = await transport.request({ kind: "passkey_assertion", credential });
    if (!answer.ok) throw new Error(`Shortcake prologue: the server refused: ${answer.error}`);
    require("WAWebLinkDeviceEvents").WAWebLinkDeviceEvents.triggerShortcakePrologueSent();
  };
});

__d("WAWebShortcakeLinkingAction", [], (_global, require, _default, _namespace, _lazy, _module, exports) => {
  const { transport } = require("SandboxTransport");
  const { state } = require("SandboxPasskey");

  exports.startShortcakePasskeyPairing = () => require("WAWebShortcakeLinkingPasskeyPrologue").executePasskeyPrologue();
  exports.confirmShortcakeVerificationCode = async () => {
    if (state.code === null) throw new Error("Shortcake: there is no code to confirm");
    const answer = await transport.request({ kind: "passkey_confirmed" });
    if (!answer.ok) throw new Error(`Shortcake: the server refused: ${answer.error}`);
  };
  /* The page goes back to its QRs. */
  exports.cancelShortcakePasskeyPairing = () => {
    Object.assign(state, { options: null, code: null });
    transport.reconnect();
  };
});
