/*
 * People: the contacts this device knows, and the pairs of phone number and hidden id (lid) it has learnt.
 *
 * A contact exists only once the server has vouched for the number: wa-js takes a contact in the collection as proof
 * that the number is on WhatsApp, and would not ask any more.
 */
"use strict";

__d("WAWebContactModel", [], (_global, require, _default, _namespace, _lazy, _module, exports) => {
  const { BaseModel, defineModel } = require("WAWebBaseModel");

  class ContactModel extends BaseModel {
    defaults() {
      return { type: "in", isBusiness: false, isEnterprise: false };
    }

    get isContactBlocked() {
      return this.isBlocked();
    }

    isBlocked() {
      return require("WAWebBlocklistCollection").BlocklistCollection.includes(this.id);
    }

    getStatus() {
      return require("WAWebTextStatusCollection").TextStatusCollection.find(this.id);
    }

    getProfilePicThumb() {
      return require("WAWebProfilePicThumbCollection").ProfilePicThumbCollection.find(this.id);
    }
  }

  defineModel(ContactModel, "contact", ["id", "name", "shortName", "pushname", "type", "isBusiness", "verifiedName"]);
  exports.default = ContactModel;
});

__d("WAWebContactCollection", [], (_global, require, _default, _namespace, _lazy, _module, exports) => {
  const { BaseCollection } = require("WAWebBaseCollection");
  const ContactModel = require("WAWebContactModel");

  class ContactCollectionImpl extends BaseCollection {
    constructor() {
      super(ContactModel);
    }

    /* Who is not in the collection yet is asked for at the server. */
    async find(id) {
      const wid = require("WAWebWidFactory").createWid(id);
      const found = () => this.get(wid) ?? this.get(require("WAWebApiContact").getPhoneNumber(wid));
      if (found() === undefined) await require("WAWebQueryExistsJob").queryWidExists(wid);
      if (found() === undefined) throw new Error(`no phone has the address ${wid}`);
      return found();
    }

    getMeContact() {
      return this.get(require("WAWebUserPrefsMeUser").getMaybeMePnUser());
    }
  }

  exports.ContactCollectionImpl = ContactCollectionImpl;
  exports.ContactCollection = new ContactCollectionImpl();
});

__d("SandboxContacts", [], (_global, require, _default, _namespace, _lazy, _module, exports) => {
  const { ContactCollection } = require("WAWebContactCollection");
  const { createUserWidOrThrow } = require("WAWebWidFactory");
  const { lidPnCache } = require("WAWebApiContact");
  const { identity } = require("SandboxIdentity");
  const { promised, read, write } = require("SandboxStorage");

  /* `person` is {number, lid, name}, as the server describes a phone; the number may be an address instead. */
  function show(person) {
    const lid = createUserWidOrThrow(person.lid, "lid");
    // Of some people only the hidden id is known.
    const wid = person.number.includes("@") ? lid : createUserWidOrThrow(person.number);
    if (wid !== lid) lidPnCache.add(lid, { phoneNumber: wid });
    for (const id of identity.me?.isMigrated ? [wid, lid] : [wid]) {
      const contact = ContactCollection.add({ id });
      contact.set({ pushname: person.name, ...require("SandboxAddressBook").namesOf(person) });
      if (id !== wid) contact.set({ phoneNumber: wid });
    }
    return ContactCollection.get(wid);
  }

  async function load() {
    for (const person of await read(["contact"], (contacts) => promised(contacts.getAll()))) show(person);
  }

  async function learn(person) {
    await write(["contact"], (contacts) => contacts.put(person));
    return show(person);
  }

  exports.load = load;
  exports.learn = learn;
});

__d("WAWebApiContact", [], (_global, require, _default, _namespace, _lazy, _module, exports) => {
  const numberByLid = new Map();
  const lidByNumber = new Map();

  exports.lidPnCache = {
    add(lid, entry) {
      numberByLid.set(String(lid), entry.phoneNumber);
      lidByNumber.set(String(entry.phoneNumber), lid);
    },
    getPhoneNumber: (lid) => numberByLid.get(String(lid)),
    getCurrentLid: (wid) => lidByNumber.get(String(wid)),
  };
  exports.getPhoneNumber = (lid) => numberByLid.get(String(lid));
  exports.getCurrentLid = (wid) => lidByNumber.get(String(wid));
  exports.getAlternateUserWid = (wid) => (wid.isLid() ? exports.getPhoneNumber(wid) : exports.getCurrentLid(wid));
});

/* How people and groups are named on the wire and in the store: a person by the number, a group by its whole id. */
__d("SandboxAddresses", [], (_global, require, _default, _namespace, _lazy, _module, exports) => {
  const { createUserWidOrThrow, createWid } = require("WAWebWidFactory");
  const { getPhoneNumber, getCurrentLid } = require("WAWebApiContact");
  const { identity } = require("SandboxIdentity");

  /* An account that was migrated knows everybody by the hidden id whose pair it has learnt. */
  function personWid(number) {
    if (number.includes("@")) return createWid(number);
    const wid = createUserWidOrThrow(number);
    return (identity.me?.isMigrated && getCurrentLid(wid)) || wid;
  }

  exports.personWid = personWid;
  exports.personNumber = (wid) => (wid.isLid() ? (getPhoneNumber(wid)?.user ?? wid.toString()) : wid.user);
  exports.addressOf = (wid) => (wid.isUser() ? exports.personNumber(wid) : wid.toString());
  exports.widAt = (address) => (address.includes("@") ? createWid(address) : personWid(address));
});

__d("WAWebContactGetters", [], (_global, require, _default, _namespace, _lazy, _module, exports) => {
  const { getMaybeMePnUser, getMaybeMeLidUser } = require("WAWebUserPrefsMeUser");
  const never = () => false;

  exports.getName = (contact) => contact.name;
  exports.getShortName = (contact) => contact.shortName;
  exports.getPushname = (contact) => contact.pushname;
  exports.getNotifyName = (contact) => contact.pushname;
  exports.getPremiumMessageName = () => undefined;
  exports.getUserid = (contact) => contact.id.user;
  exports.getIsMe = (contact) =>
    Boolean(getMaybeMePnUser()?.equals(contact.id) || getMaybeMeLidUser()?.equals(contact.id));
  exports.getIsUser = (contact) => contact.id.isUser();
  exports.getIsGroup = (contact) => contact.id.isGroup();
  exports.getIsBroadcast = (contact) => contact.id.isBroadcast();
  exports.getIsNewsletter = (contact) => contact.id.isNewsletter();
  exports.getIsPSA = (contact) => contact.id.isPSA();
  exports.getIsWAContact = () => true; // only numbers that exist become contacts here
  exports.getIsIAS = never;
  exports.getIsSupportAccount = never;
  exports.getIsEnterprise = never;
  exports.getCanRequestPhoneNumber = never;
  exports.getShowBusinessCheckmarkAsPrimary = never;
  exports.getShowBusinessCheckmarkAsSecondary = never;
  exports.getShowBusinessCheckmarkInChatlist = never;
  exports.getIsDisplayNameApproved = never;
  exports.getShouldForceBusinessUpdate = never;
  exports.getStatusMute = never;
  exports.getVerifiedName = () => undefined;
  exports.getVerifiedLevel = () => undefined;
});

// Registered after WAWebApiContact: wa-js takes `getPhoneNumber` from the first module that exports one.
__d("WAWebFrontendContactGetters", [], (_global, require, _default, _namespace, _lazy, _module, exports) => {
  const { getPhoneNumber } = require("WAWebApiContact");

  const formattedPhone = (contact) => (contact.id.isLid() ? undefined : `+${contact.id.user}`);
  const displayName = (contact) => contact.name ?? contact.pushname ?? formattedPhone(contact) ?? contact.id.user;

  exports.getPhoneNumber = (contact) => (contact.id.isLid() ? getPhoneNumber(contact.id) : contact.id);
  exports.getPnForLid = (contact) => (contact.id.isLid() ? getPhoneNumber(contact.id) : undefined);
  exports.getTextStatusString = () => "";
  exports.getDisplayName = displayName;
  exports.getUserDisplayNameForLid = displayName;
  exports.getFormattedUsernameOrPhone = formattedPhone;
  exports.getFormattedName = displayName;
  exports.getFormattedShortName = (contact) => contact.shortName ?? displayName(contact);
  exports.getFormattedShortNameWithNonBreakingSpaces = (contact) =>
    exports.getFormattedShortName(contact).replaceAll(" ", "\u00a0");
  exports.getFormattedUser = (contact) => contact.id.user;
  exports.getSearchName = (contact) => displayName(contact).toLowerCase();
  exports.getIsMyContact = (contact) => contact.name !== undefined;
  exports.getSearchVerifiedName = () => "";
  exports.getHeader = (contact) => displayName(contact).slice(0, 1).toUpperCase();
});

__d("WAWebQueryExistsJob", [], (_global, require, _default, _namespace, _lazy, _module, exports) => {
  const { transport } = require("SandboxTransport");
  const { learn } = require("SandboxContacts");
  const { getCurrentLid } = require("WAWebApiContact");
  const { personNumber } = require("SandboxAddresses");
  const { createUserWidOrThrow } = require("WAWebWidFactory");

  /* Resolve with {wid, biz, lid}, or null for a number that no phone has. */
  async function queryWidExists(wid) {
    const answer = await transport.request({ kind: "exists", number: personNumber(wid) });
    if (!answer.ok) return null;
    const { id: found } = await learn(answer.phone);
    return { wid: found, biz: false, lid: found.isLid() ? found : getCurrentLid(found) };
  }

  exports.queryWidExists = queryWidExists;
  exports.queryPhoneExists = (number) => queryWidExists(createUserWidOrThrow(String(number).replace(/\D/g, "")));
});
