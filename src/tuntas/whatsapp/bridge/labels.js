// Labels: what a business account puts on its chats.

const plainLabel = (label) => ({
  id: String(label.id),
  name: label.name ?? "",
  color: label.colorIndex ?? 0,
  colorHex: String(WPP.whatsapp.functions.colorIndexToHex(label.colorIndex ?? 0)).toLowerCase(),
});

const allLabels = () => WPP.whatsapp.LabelStore.getModelsArray();
const labelAt = (labelId) =>
  WPP.whatsapp.LabelStore.get(String(labelId)) ?? refuse("not_found", `There is no label ${labelId}.`);

// WA-JS's own function counts what is on archived chats differently; here a label is on a chat or it is not.
const chatsWith = (label) =>
  label.labelItemCollection.getModelsArray().filter(({ parentType }) => parentType === "Chat").map(({ parentId }) => parentId);

const isOn = (label, chat) => chatsWith(label).some((id) => bothIdsOf(chat.id).some((wid) => isSame(wid, id)));

const mustBeBusiness = () => {
  if (!WPP.whatsapp.Conn.isSMB) refuse("not_allowed", "Only WhatsApp Business accounts have labels.");
};

// WhatsApp has a palette; null where nothing is wished.
const colorAsked = ({ color, colorHex }) => {
  const palette = WPP.whatsapp.functions.getAllLabelColors().map((one) => one.toLowerCase());
  const wished = colorHex == null ? color : palette.indexOf(colorHex.toLowerCase());
  if (wished == null || wished in palette) return wished ?? null;
  throw new Error(`WhatsApp has no such colour for labels. It has ${palette.map((hex, at) => `${at} ${hex}`).join(", ")}.`);
};

calls.labels = () => allLabels().map(plainLabel);

calls.createLabel = async ({ name, ...wished }) => {
  mustBeBusiness();
  const color = colorAsked(wished) ?? (await WPP.whatsapp.LabelStore.getNextAvailableColor());
  // As a text: WA-JS takes the number 0 for a colour that was not given.
  const { id } = await WPP.labels.addNewLabel(name, { labelColor: String(color) });
  return plainLabel(labelAt(id));
};

calls.changeLabel = async ({ labelId, name, ...wished }) => {
  mustBeBusiness();
  const label = labelAt(labelId);
  const color = colorAsked(wished) ?? label.colorIndex ?? 0;
  // Not WA-JS's own way: it takes the number 0 for a colour that was not given.
  await WPP.whatsapp.functions.labelEditAction(label.id, name, label.predefinedId ?? 0, color);
  return plainLabel(labelAt(labelId));
};

calls.deleteLabel = async ({ labelId }) => {
  mustBeBusiness();
  const { deleteLabelResult } = await WPP.labels.deleteLabel(labelAt(labelId).id);
  if (!deleteLabelResult) throw new Error("WhatsApp Web did not delete the label");
};

calls.chatLabels = async ({ chatId }) => {
  const chat = await chatAt(chatId);
  return allLabels().filter((label) => isOn(label, chat)).map(plainLabel);
};

calls.setChatLabels = async ({ chatId, labels }) => {
  mustBeBusiness();
  const chat = await chatAt(chatId);
  const wanted = new Set(labels.map((id) => labelAt(id).id));
  const changes = allLabels()
    .filter((label) => wanted.has(label.id) !== isOn(label, chat))
    .map((label) => ({ labelId: label.id, type: wanted.has(label.id) ? "add" : "remove" }));
  if (changes.length > 0) await WPP.labels.addOrRemoveLabels([text(chat.id)], changes);
};

calls.labelledChats = ({ labelId }) =>
  chatsWith(labelAt(labelId))
    .map((id) => chatOf(id))
    .filter((chat) => chat !== null)
    .map((chat) => ({ ...plainChat(chat), lastMessage: lastMessageOf(chat) }));

// --- what is told -----------------------------------------------------------------------------------------------

// A name and a colour that change together are one change.
const changedLabels = new Set();
const tellOfLabel = (label) => {
  if (changedLabels.size === 0) {
    queueMicrotask(() => {
      for (const one of changedLabels) tellEvent("label.upsert", plainLabel(one));
      changedLabels.clear();
    });
  }
  changedLabels.add(label);
};

WPP.on("conn.main_ready", () => {
  const { LabelStore } = WPP.whatsapp;
  LabelStore?.on("add change:name change:colorIndex", tellOfLabel);
  LabelStore?.on("remove", (label) => tellEvent("label.deleted", plainLabel(label)));
});
WPP.on("chat.update_label", ({ chat, ids, type }) => {
  for (const id of ids) {
    const label = WPP.whatsapp.LabelStore.get(id);
    if (!label || !chat) continue;
    const name = type === "add" ? "label.chat.added" : "label.chat.deleted";
    tellEvent(name, { labelId: String(id), chatId: text(chat.id), label: plainLabel(label) });
  }
});
