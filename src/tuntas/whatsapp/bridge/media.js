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

const uploaded = (file, filename, mimetype) => new File(uploads.get(file) ?? [], filename, { type: mimetype });

const pictureIn = (file) =>
  createImageBitmap(file).catch(() => {
    throw new Error("The file is no picture that this browser can read.");
  });

// Drawn in the middle of a canvas of this size, as large as it fits.
const drawn = (picture, width, height, type, quality) => {
  const scale = Math.min(width / picture.width, height / picture.height);
  const [wide, high] = [picture.width * scale, picture.height * scale];
  const canvas = new OffscreenCanvas(width, height);
  canvas.getContext("2d").drawImage(picture, (width - wide) / 2, (height - high) / 2, wide, high);
  picture.close();
  return canvas.convertToBlob({ type, quality });
};

// WhatsApp's clients show stickers of this size; a WebP goes as it is, since a canvas would stop one that moves.
const STICKER_POINTS = 512;
const asSticker = async (file) => {
  const picture = await pictureIn(file);
  if (file.type === "image/webp") return file;
  const blob = await drawn(picture, STICKER_POINTS, STICKER_POINTS, "image/webp", 0.9);
  return new File([blob], file.name.replace(/(\.\w+)?$/, ".webp"), { type: "image/webp" });
};

// What a link's preview carries: a small JPEG as base64.
const THUMBNAIL_POINTS = 300;
const thumbnailOf = async (file) => {
  const picture = await pictureIn(uploaded(file, "picture", ""));
  const scale = Math.min(1, THUMBNAIL_POINTS / Math.max(picture.width, picture.height));
  const [width, height] = [picture.width, picture.height].map((points) => Math.max(1, Math.round(points * scale)));
  const blob = await drawn(picture, width, height, "image/jpeg", 0.8);
  return base64Of(new Uint8Array(await blob.arrayBuffer()));
};

const sendFile = async (chat, { file, type, caption, isVoice, ...named }, options) => {
  const given = uploaded(file, named.filename, named.mimetype);
  const content = type === "sticker" ? await asSticker(given) : given;
  const { type: mimetype, name: filename } = content;
  const more = { type, mimetype, filename, ...(caption && { caption }), ...(isVoice && { isPtt: true }) };
  return WPP.chat.sendFileMessage(chat.id, content, { ...options, ...more });
};

calls.uploadPart = ({ file, data }) => {
  if (!uploads.has(file)) uploads.set(file, []);
  uploads.get(file).push(bytesOf(data));
};
calls.dropUpload = ({ file }) => void uploads.delete(file);

const messageWithFile = async (messageId) => {
  const message = await messageAt(messageId);
  return isMedia(message) ? message : refuse("not_found", `Message ${messageId} carries no file.`);
};

// What a message says of its file, before anything of it is loaded.
calls.describeFile = async ({ messageId }) => ({ size: (await messageWithFile(messageId)).size ?? null });

// Have WhatsApp Web download a message's file; `file` is our name for it until `dropDownload`.
calls.openDownload = async ({ messageId, file }) => {
  const message = await messageWithFile(messageId);
  const blob = await WPP.chat.downloadMedia(messageId);
  downloads.set(file, blob);
  return { size: blob.size, mimetype: message.mimetype ?? blob.type, filename: message.filename ?? null };
};
calls.downloadPart = async ({ file, offset, length }) =>
  base64Of(new Uint8Array(await downloads.get(file).slice(offset, offset + length).arrayBuffer()));
calls.dropDownload = ({ file }) => void downloads.delete(file);
