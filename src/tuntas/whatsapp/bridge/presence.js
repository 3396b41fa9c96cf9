// Presence: who is online and who writes, ours and that of others; and what we show of ourselves.

const PRESENCES = {
  available: "online",
  unavailable: "offline",
  composing: "typing",
  typing: "typing",
  recording: "recording",
  recording_audio: "recording",
  paused: "paused",
};

const presenceOfOne = (wid, { type, t }) => ({
  participant: text(wid),
  participantPn: pnOf(wid),
  lastKnownPresence: PRESENCES[type] ?? "offline",
  lastSeen: type === "unavailable" && t ? t : null,
});

// Of a person there is one state, of a group one for each who was seen doing something.
const knownOf = (presence) => {
  if (presence.id.isGroup()) {
    const states = presence.chatstates.getModelsArray();
    return states.filter((one) => one.type).map((one) => [one.id, one]);
  }
  if (!presence.hasData) return [];
  const { type, t } = presence.chatstate ?? {};
  return [[presence.id, { type: type ?? (presence.isOnline ? "available" : "unavailable"), t }]];
};

const plainPresence = (presence) => ({
  id: text(presence.id),
  pn: pnOf(presence.id),
  presences: knownOf(presence).map(([wid, chatstate]) => presenceOfOne(wid, chatstate)),
});

WPP.on("chat.presence_change", ({ id }) => {
  const presence = WPP.whatsapp.PresenceStore.get(id);
  if (presence) tellEvent("presence.update", plainPresence(presence));
});

const subscribeTo = async (chatId) => {
  const asked = chatId.endsWith("@g.us") ? (await ownGroup(chatId)).id : (await onWhatsApp(chatId)).wid;
  const [subscribed] = await WPP.contact.subscribePresence(text(asked));
  if (!subscribed) throw new Error(`WhatsApp does not tell the presence of ${chatId}`);
  return WPP.whatsapp.PresenceStore.get(subscribed);
};

calls.subscribePresence = async ({ chatId }) => void (await subscribeTo(chatId));

calls.presences = () =>
  WPP.whatsapp.PresenceStore.getModelsArray()
    .filter((presence) => presence.hasData)
    .map(plainPresence);

calls.presence = async ({ chatId }) => {
  const presence = await subscribeTo(chatId);
  return presence ? plainPresence(presence) : { id: chatId, pn: pnOf(chatId), presences: [] };
};

// What is done in a chat; and whether we are there at all.
const SHOWN = {
  typing: (chat) => WPP.chat.markIsComposing(chat.id),
  recording: (chat) => WPP.chat.markIsRecording(chat.id),
  paused: (chat) => WPP.chat.markIsPaused(chat.id),
};

calls.showPresence = async ({ presence, chatId }) => {
  if (presence === "online" || presence === "offline") await WPP.conn.markAvailable(presence === "online");
  else await SHOWN[presence](await chatAt(chatId));
};

// --- our own profile ------------------------------------------------------------------------------------------

calls.profile = async () => {
  const id = ownId();
  return { id, name: WPP.whatsapp.Conn.pushname ?? null, picture: await pictureOf(id) };
};

calls.setProfileName = async ({ name }) => void (await WPP.profile.setMyProfileName(name));
calls.setProfileStatus = async ({ status }) => void (await WPP.profile.setMyStatus(status));

calls.setProfilePicture = async ({ dataUrl }) => {
  const { status } = await WPP.profile.setMyProfilePicture(dataUrl);
  if (status !== 200) throw new Error(`WhatsApp did not take the picture (${status})`);
};

calls.deleteProfilePicture = async () => {
  if (!(await WPP.profile.removeMyProfilePicture())) throw new Error("WhatsApp did not take the picture away");
};
