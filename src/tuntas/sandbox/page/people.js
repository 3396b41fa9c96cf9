/*
 * What people show of themselves (about, picture), and whom this account blocks. The server knows; the collections
 * here keep what was asked for.
 */
"use strict";

__d("WAWebTextStatusCollection", [], (_global, require, _default, _namespace, _lazy, _module, exports) => {
  const { BaseCollection } = require("WAWebBaseCollection");
  const { BaseModel, defineModel } = require("WAWebBaseModel");
  const { createWid } = require("WAWebWidFactory");
  const { personNumber } = require("SandboxAddresses");
  const { transport } = require("SandboxTransport");

  class TextStatusModel extends BaseModel {}
  defineModel(TextStatusModel, "text-status", ["id", "status"]);

  class TextStatusCollectionImpl extends BaseCollection {
    constructor() {
      super(TextStatusModel);
    }

    /* Always asked anew: nobody tells this page when somebody else's about changes. */
    async find(id) {
      const wid = createWid(id);
      const answer = await transport.request({ kind: "about", number: personNumber(wid) });
      const model = this.add({ id: wid });
      model.status = answer.ok ? answer.about : undefined;
      return model;
    }
  }

  exports.TextStatusCollection = new TextStatusCollectionImpl();
});

__d("WAWebProfilePicThumbCollection", [], (global, require, _default, _namespace, _lazy, _module, exports) => {
  const { BaseCollection } = require("WAWebBaseCollection");
  const { BaseModel, defineModel } = require("WAWebBaseModel");
  const { createWid } = require("WAWebWidFactory");
  const { personNumber } = require("SandboxAddresses");
  const { transport } = require("SandboxTransport");

  class ProfilePicThumbModel extends BaseModel {
    canSet() {
      return Boolean(require("WAWebUserPrefsMeUser").getMaybeMePnUser()?.equals(this.id));
    }

    canDelete() {
      return this.canSet() && this.img !== undefined;
    }
  }
  defineModel(ProfilePicThumbModel, "profile-pic-thumb", ["id", "img", "imgFull"]);

  class ProfilePicThumbCollectionImpl extends BaseCollection {
    constructor() {
      super(ProfilePicThumbModel);
    }

    async find(id) {
      const wid = createWid(id);
      const model = this.add({ id: wid });
      const address = wid.isGroup() || wid.isNewsletter() ? wid._serialized : wid.isUser() ? personNumber(wid) : undefined;
      const answer = address === undefined ? {} : await transport.request({ kind: "picture", address });
      const url = answer.path ? new URL(answer.path, global.location.href).href : undefined;
      model.set({ img: url, imgFull: url });
      return model;
    }
  }

  exports.ProfilePicThumbCollection = new ProfilePicThumbCollectionImpl();
});

__d("WAWebBlocklistCollection", [], (_global, require, _default, _namespace, _lazy, _module, exports) => {
  const { BaseCollection } = require("WAWebBaseCollection");
  const { BaseModel, defineModel } = require("WAWebBaseModel");

  class BlocklistModel extends BaseModel {}
  defineModel(BlocklistModel, "blocklist", ["id"]);
  exports.BlocklistCollection = new BaseCollection(BlocklistModel);
});

__d("SandboxBlocklist", [], (_global, require, _default, _namespace, _lazy, _module, exports) => {
  const { BlocklistCollection } = require("WAWebBlocklistCollection");
  const { createUserWidOrThrow } = require("WAWebWidFactory");
  const { personNumber } = require("SandboxAddresses");
  const { transport } = require("SandboxTransport");

  /* The collection becomes these numbers. */
  function show(numbers) {
    const wids = numbers.map((number) => createUserWidOrThrow(number));
    const gone = BlocklistCollection.filter((model) => !numbers.includes(model.id.user));
    BlocklistCollection.remove(gone);
    BlocklistCollection.add(wids.map((id) => ({ id })));
  }

  async function set(contact, blocked) {
    const answer = await transport.request({ kind: "block", number: personNumber(contact.id), blocked });
    if (!answer.ok) throw new Error(`the server refused: ${answer.error}`);
    show(answer.numbers);
  }

  exports.set = set;
  exports.show = show;
});

__d("WAWebBlockContactAction", [], (_global, require, _default, _namespace, _lazy, _module, exports) => {
  const { set } = require("SandboxBlocklist");

  exports.blockContact = ({ contact }) => set(contact, true);
  exports.unblockContact = (contact) => set(contact, false);
});
