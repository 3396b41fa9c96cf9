// Files: they come in parts, are put together for one message, and are forgotten; downloads go out in parts.

const uploads = new Map();
const downloads = new Map();

const bytesOf = (base64) => Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));

// In steps: a function takes only so many arguments.
const base64Of = (bytes) => {
  let letters = "";
  for (let at = 0; at < bytes.length; at += 0x8000) letters += String.fromCharCode(...bytes.subarray(at, at + 0x8000));
  return btoa(letters);
};

const sendFile = (chat, { file, type, mimetype, filename, caption, isVoice }, options) => {
  const content = new File(uploads.get(file) ?? [], filename, { type: mimetype });
  const more = { type, mimetype, filename, ...(caption && { caption }), ...(isVoice && { isPtt: true }) };
  return WPP.chat.sendFileMessage(chat.id, content, { ...options, ...more });
};

calls.uploadPart = ({ file, data }) => {
  if (!uploads.has(file)) uploads.set(file, []);
  uploads.get(file).push(bytesOf(data));
};
calls.dropUpload = ({ file }) => void uploads.delete(file);

// Have WhatsApp Web download a message's file; `file` is our name for it until `dropDownload`.
calls.openDownload = async ({ messageId, file }) => {
  const message = await messageAt(messageId);
  if (!isMedia(message)) refuse("not_found", `Message ${messageId} carries no file.`);
  const blob = await WPP.chat.downloadMedia(messageId);
  downloads.set(file, blob);
  return { size: blob.size, mimetype: message.mimetype ?? blob.type, filename: message.filename ?? null };
};
calls.downloadPart = async ({ file, offset, length }) =>
  base64Of(new Uint8Array(await downloads.get(file).slice(offset, offset + length).arrayBuffer()));
calls.dropDownload = ({ file }) => void downloads.delete(file);
