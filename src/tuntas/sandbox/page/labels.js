/*
 * Labels: what business accounts put on their chats. The server keeps them and is asked after each connection.
 *
 * A change, whoever made it, goes through the module objects: wa-js has put its own functions there.
 */
"use strict";

__d("WAWebLabelCollection", [], (_global, require, _default, _namespace, _lazy, _module, exports) => {
  const { BaseCollection } = require("WAWebBaseCollection");
  const { BaseModel, defineModel } = require("WAWebBaseModel");

  class LabelItemCollection extends BaseCollection {
    // By this name libraries read it.
    get _models() {
      return this.getModelsArray();
    }
  }

  class LabelModel extends BaseModel {
    labelItemCollection = new LabelItemCollection(BaseModel);

    get hexColor() {
      return require("WAWebListUtils").colorIndexToHex(this.colorIndex);
    }
  }
  defineModel(LabelModel, "label", ["id", "name", "colorIndex", "predefinedId", "type"]);

  class LabelCollection extends BaseCollection {
    constructor() {
      super(LabelModel);
    }

    /* The first colour that no label has; all have one: the first of all. */
    async getNextAvailableColor() {
      const taken = new Set(this.map((label) => label.colorIndex));
      const free = require("WAWebListUtils").getAllLabelColors().findIndex((_, index) => !taken.has(index));
      return Math.max(0, free);
    }

    /* `labels` are {id, type: "add" | "remove"}. */
    async addOrRemoveLabels(labels, chats) {
      for (const { id, type } of labels) {
        for (const chat of chats) await require("SandboxLabels").mark(id, chat, type === "add");
      }
    }
  }

  // Only the instance: where a class is exported too, wa-js prefers it.
  exports.LabelCollection = new LabelCollection();
});

__d("WAWebListUtils", [], (_global, _require, _default, _namespace, _lazy, _module, exports) => {
  const COLORS = [
    "#ff9485", "#64c4ff", "#ffd429", "#dfaef0", "#99b6c1", "#55ccb3", "#ff9dff", "#d3a91d", "#6d7cce", "#d7e752",
    "#00d0e2", "#ffc5c7", "#93ceac", "#f74848", "#00a0f2", "#83e422", "#ffaf04", "#b5ebff", "#9ba6ff", "#9368cf",
  ];
  exports.getAllLabelColors = () => [...COLORS];
  exports.colorIndexToHex = (index) => COLORS[index] ?? COLORS[0];
});

__d("SandboxLabels", [], (_global, require, _default, _namespace, _lazy, _module, exports) => {
  const { LabelCollection } = require("WAWebLabelCollection");
  const { ChatCollection } = require("WAWebChatCollection");
  const { addressOf, widAt } = require("SandboxAddresses");
  const { transport } = require("SandboxTransport");

  async function ask(request) {
    const answer = await transport.request(request);
    if (!answer.ok) throw new Error(`the server refused: ${answer.error}`);
    return answer;
  }

  function show({ id, name, color }) {
    return LabelCollection.add({ id, name, colorIndex: color, predefinedId: 0 }).set({ name, colorIndex: color });
  }

  function note(label, chatId, on) {
    const chat = ChatCollection.get(chatId);
    const labels = (chat?.labels ?? []).filter((id) => id !== label.id);
    if (chat !== undefined) chat.labels = on ? [...labels, label.id] : labels;
    const item = { id: `${label.id}_Chat_${chatId}`, labelId: label.id, parentType: "Chat", parentId: String(chatId) };
    if (on) label.labelItemCollection.add(item);
    else label.labelItemCollection.remove(item.id);
  }

  function forget(id) {
    const label = LabelCollection.get(id);
    if (label === undefined) return;
    for (const { parentId } of label.labelItemCollection.getModelsArray()) note(label, widAt(parentId), false);
    LabelCollection.remove(id);
  }

  function changed(label, chatId, on) {
    const { addToLabelCollection, removeLabelFromCollection } = require("WAWebBizLabelUtils");
    return (on ? addToLabelCollection : removeLabelFromCollection)(String(chatId), label.id, "Chat");
  }

  exports.mark = async (id, chat, on) => {
    await ask({ kind: "label_chat", id: String(id), chat: addressOf(chat.id), on });
    await changed(LabelCollection.assertGet(id), chat.id, on);
  };

  /* What the server has, silently: it is no news. */
  exports.refresh = async () => {
    const { labels } = await ask({ kind: "labels" });
    const known = new Set(labels.map(({ id }) => id));
    for (const label of LabelCollection.getModelsArray()) if (!known.has(label.id)) forget(label.id);
    for (const label of labels) {
      const model = show(label);
      for (const address of label.chats) note(model, widAt(address), true);
    }
  };

  exports.take = async ({ action, label, chat }) => {
    if (action === "delete") return forget(label.id);
    const model = show(label);
    if (chat !== undefined) await changed(model, widAt(chat), action === "add");
  };

  exports.ask = ask;
  exports.show = show;
  exports.note = note;
  exports.forget = forget;
});

__d("WAWebBizLabelUtils", [], (_global, require, _default, _namespace, _lazy, _module, exports) => {
  const { createWid } = require("WAWebWidFactory");

  function put(parentId, labelId, on) {
    const label = require("WAWebLabelCollection").LabelCollection.get(labelId);
    if (label !== undefined) require("SandboxLabels").note(label, createWid(parentId), on);
  }

  exports.addToLabelCollection = async (parentId, labelId) => put(parentId, labelId, true);
  exports.removeLabelFromCollection = async (parentId, labelId) => put(parentId, labelId, false);
});

__d("WAWebDBLabelDatabaseApi", [], (_global, require, _default, _namespace, _lazy, _module, exports) => {
  const { LabelCollection } = require("WAWebLabelCollection");
  exports.getNextLabelId = async () => Math.max(0, ...LabelCollection.map(({ id }) => Number(id))) + 1;
});

__d("WAWebBizLabelEditingAction", [], (_global, require, _default, _namespace, _lazy, _module, exports) => {
  const { ask, forget, show } = require("SandboxLabels");

  async function put(id, name, color) {
    const { label } = await ask({ kind: "label_put", id, name, color });
    show(label);
    return Number(label.id);
  }

  exports.labelAddAction = (name, color) => put(null, name, color);
  exports.labelEditAction = async (id, name, _predefinedId, color) => void (await put(String(id), name, color));
  /* One parameter: wa-js counts them to learn how to call it. */
  exports.labelDeleteAction = async ({ labelId }) => {
    await ask({ kind: "label_delete", id: String(labelId) });
    forget(String(labelId));
  };
});
