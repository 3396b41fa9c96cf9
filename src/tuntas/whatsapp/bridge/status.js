// Status posts: what an account shows for a day to those whom its privacy settings name. They are messages to an address
// of their own, and WhatsApp Web keeps them apart from the chats, by who posted them.

const STATUS = "status@broadcast";
const isStatus = (id) => text(id) === STATUS;
// What is written there has an author beside the place that it comes from, and more than one reader.
const isToMany = (remote) => Boolean(remote?.isGroup?.()) || isStatus(remote);

const postKey = (token) =>
  new WPP.whatsapp.MsgKey({ fromMe: true, remote: widAt(STATUS), id: token, participant: ownNumber() });

// All that the page has, the oldest first.
const posts = () =>
  WPP.whatsapp.StatusV3Store.getModelsArray()
    .flatMap((status) => status.msgs.getModelsArray())
    .filter(isMessage)
    .sort((one, other) => (one.t ?? 0) - (other.t ?? 0));

// An own one may name this account by either of its ids.
const isOwnPost = (message, part) => message.id.fromMe && message.id.id === part;
const postAt = (messageId) => {
  const { fromMe, id: part } = WPP.whatsapp.MsgKey.fromString(messageId);
  const isIt = (message) => text(message.id) === messageId || (fromMe && isOwnPost(message, part));
  return WPP.whatsapp.MsgStore.get(messageId) ?? posts().find(isIt) ?? null;
};

// --- sending ----------------------------------------------------------------------------------------------------

const NO_POST = "Only a text, a picture, a video or a voice message can be posted as a status.";
const post = (kind, { body, backgroundColor, font }, { messageId, waitForAck }) => {
  if (kind !== "text") throw new Error(NO_POST);
  const look = { ...(backgroundColor && { backgroundColor }), ...(font && { font }) };
  return WPP.status.sendTextStatus(body, { messageId, waitForAck, ...look });
};

const filePosters = {
  image: (file, options) => WPP.status.sendImageStatus(file, options),
  video: (file, options) => WPP.status.sendVideoStatus(file, options),
  audio: (file, options) => WPP.chat.sendFileMessage(STATUS, file, { ...options, type: "audio", isPtt: true }),
};

// WhatsApp Web makes the message, and its id, by itself: it is the one that this account's posts then end with. WA-JS
// looks for nothing but success.
const postFile = async ({ file, type, caption, filename, mimetype }) => {
  if (!(type in filePosters)) throw new Error(NO_POST);
  const { MsgStore, StatusV3Store } = WPP.whatsapp;
  let made = null;
  let isNotTaken = () => {};
  const refused = new Promise((_, reject) => (isNotTaken = reject));
  const follow = (status, key) => {
    if (made !== null || !key?.fromMe || !isMe(status.id)) return;
    made = text(key);
    remember(made);
    MsgStore.get(key)?.on("change:ack", ({ ack }) => {
      if (ack < 0) isNotTaken(new Error("WhatsApp did not take the status post."));
    });
  };
  StatusV3Store.on("change:lastReceivedKey", follow);
  whenDiskIsFull.add(isNotTaken);
  try {
    const options = { waitForAck: true, filename, mimetype, ...(caption && { caption }) };
    const sent = await Promise.race([filePosters[type](uploaded(file, filename, mimetype), options), refused]);
    return postAt(sent.id);
  } catch (error) {
    if (made === null) throw error;
    return outcomeOf(made, error);
  } finally {
    StatusV3Store.off("change:lastReceivedKey", follow);
    whenDiskIsFull.delete(isNotTaken);
  }
};

// --- calls ------------------------------------------------------------------------------------------------------

calls.deleteStatus = async ({ messageId }) => {
  const isShort = SHORT_ID.test(messageId);
  const found = isShort ? posts().find((message) => isOwnPost(message, messageId)) : postAt(messageId);
  if (!found?.id.fromMe || !isStatus(found.id.remote)) {
    refuse("not_found", `This account has no status post ${messageId}.`);
  }
  await WPP.whatsapp.functions.revokeStatus(WPP.whatsapp.StatusV3Store.getMyStatus(), found);
};
