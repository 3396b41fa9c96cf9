// The page's own record of a message, for what few read. Bounded: known names only, no keys of files, and nothing that
// stands beside it already: no words of the message, no picture.

const RECORDED = [
  "type", "subtype", "t", "ack", "notifyName", "self", "isNewMsg", "star", "broadcast", "ephemeralDuration",
  "isForwarded", "forwardingScore", "isViewOnce", "isGif", "mimetype", "filename", "size", "duration", "width",
  "height", "pageCount", "lat", "lng", "loc", "pollName", "eventName", "title", "description", "matchedText",
  "canonicalUrl", "quotedStanzaID",
];
const RECORDED_IDS = ["from", "to", "author", "quotedParticipant"];
const LONGEST_RECORDED = 1024;

const keyRecordOf = (key) => ({
  fromMe: Boolean(key.fromMe),
  remote: text(key.remote),
  id: key.id,
  ...(key.participant && { participant: text(key.participant) }),
  _serialized: text(key),
});

const recordOf = (message) => {
  const record = message.id ? { id: keyRecordOf(message.id) } : {};
  for (const name of RECORDED) {
    const value = message[name];
    if (typeof value === "string") record[name] = value.slice(0, LONGEST_RECORDED);
    if (typeof value === "boolean" || Number.isFinite(value)) record[name] = value;
  }
  for (const name of RECORDED_IDS) if (message[name] != null) record[name] = text(message[name]);
  return record;
};
