// The account's passkey, which WhatsApp asks for after some scans. The page would ask its own browser, where nobody is:
// what it asks goes out, and what a person's browser has signed elsewhere comes back here.

const shortcake = () => require("WAWebShortcakeLinkingAction");
const VERDICT_MILLISECONDS = 10_000;

let isAsking = false;
let answerPage = null; // with a credential, once the page has asked for one
let verdict = () => {};

const toBase64Url = (buffer) => {
  const { buffer: whole = buffer, byteOffset, byteLength } = buffer; // a view, or the buffer itself
  const bytes = new Uint8Array(whole, byteOffset, byteLength);
  return btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
};
const fromBase64Url = (encoded) =>
  Uint8Array.from(atob(encoded.replaceAll("-", "+").replaceAll("_", "/")), (letter) => letter.charCodeAt(0)).buffer;

const optionsOf = (publicKey) => ({
  challenge: toBase64Url(publicKey.challenge),
  timeout: publicKey.timeout ?? null,
  rpId: publicKey.rpId ?? location.hostname,
  allowCredentials: (publicKey.allowCredentials ?? []).map(({ id, type, transports }) => ({
    id: toBase64Url(id),
    type,
    transports: transports ?? [],
  })),
  userVerification: publicKey.userVerification ?? "preferred",
});

// As a browser makes it, and of its class where the page may look.
const credentialOf = (signed) => {
  const response = Object.fromEntries(
    Object.entries(signed.response).map(([name, value]) => [name, value == null ? null : fromBase64Url(value)]),
  );
  const made = {
    id: signed.id,
    rawId: fromBase64Url(signed.rawId),
    type: signed.type,
    authenticatorAttachment: signed.authenticatorAttachment ?? null,
    response,
    getClientExtensionResults: () => signed.clientExtensionResults ?? {},
    toJSON: () => signed,
  };
  const prototype = globalThis.PublicKeyCredential?.prototype ?? Object.prototype;
  const described = Object.entries(made).map(([name, value]) => [name, { value, enumerable: true }]);
  return Object.create(prototype, Object.fromEntries(described));
};

const askElsewhere = ({ publicKey }) =>
  new Promise((resolve) => {
    answerPage = resolve;
    report("passkey", { options: optionsOf(publicKey) });
  });

const passkeyRefused = (reason) => {
  if (!isAsking) return;
  isAsking = false;
  answerPage = null;
  const told = String(reason).replace(/[^\x20-\x7e]/g, " ").slice(0, 256);
  report("passkey_refused", { reason: told });
  verdict(new Error(`WhatsApp does not take the passkey's answer: ${told}`));
  // Back to the QRs.
  Promise.resolve().then(() => shortcake().cancelShortcakePasskeyPairing()).catch(() => {});
};

const passkeyAsked = () => {
  if (isAsking) return;
  isAsking = true;
  Object.defineProperty(navigator, "credentials", { configurable: true, value: { get: askElsewhere } });
  // On the page a person presses a button for this.
  Promise.resolve().then(() => shortcake().startShortcakePasskeyPairing()).catch(passkeyRefused);
};

const passkeyCodeReady = (code, needsNoConfirmation) => {
  if (!needsNoConfirmation) report("passkey_code", { code: String(code) });
  verdict();
};

WPP.on("loader.injected", () => {
  const events = WPP.whatsapp.LinkDeviceEvents;
  events?.on("link_device_events:passkey_prologue_request", passkeyAsked);
  events?.on("link_device_events:shortcake_verification_code_ready", passkeyCodeReady);
  events?.on("link_device_events:shortcake_error", passkeyRefused);
  // A QR is shown before WA-JS is there: whoever was quick has scanned it by now, and the event has passed.
  try {
    if (require("WAWebAltDeviceLinkingApi").getPairingType() === "SHORTCAKE_PASSKEY") passkeyAsked();
  } catch {
    // a page that does not say so
  }
});

// Returns when WhatsApp has taken it, or has said nothing for a while.
calls.answerPasskey = ({ credential }) =>
  new Promise((resolve, reject) => {
    if (answerPage === null) throw new Error("no passkey is asked for");
    const give = answerPage;
    answerPage = null;
    verdict = (error) => (error ? reject(error) : resolve(true));
    setTimeout(() => resolve(true), VERDICT_MILLISECONDS);
    give(credentialOf(credential));
  });
calls.confirmPasskey = async () => {
  await shortcake().confirmShortcakeVerificationCode();
  return true;
};
