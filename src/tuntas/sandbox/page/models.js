/*
 * Models and collections: what chats, messages, contacts and the connection are made of.
 *
 * Assigning to a model's attribute fires `change:<name>` with (model, value, previous) and `change`, on the model and
 * on every collection that holds it. Attributes are plain accessors on the class's prototype, made when a name is
 * first used, so that libraries may add getters of their own to the same prototypes.
 */
"use strict";

__d("WAWebBaseModel", [], (_global, require, _default, _namespace, _lazy, _module, exports) => {
  const EventEmitter = require("WAWebEventEmitter");

  function declareAttribute(prototype, name) {
    if (name in prototype) return;
    Object.defineProperty(prototype, name, {
      configurable: true,
      enumerable: true,
      get() {
        return this.attributes?.[name];
      },
      set(value) {
        this.assign(name, value);
      },
    });
  }

  class BaseModel extends EventEmitter {
    /* `values` may be another model: then its attributes are meant. */
    constructor(values = {}) {
      super();
      this.attributes = { ...this.defaults() };
      this.collections = new Set();
      for (const [name, value] of Object.entries(values instanceof BaseModel ? values.attributes : values)) {
        declareAttribute(Object.getPrototypeOf(this), name);
        this.attributes[name] = value;
      }
    }

    defaults() {
      return {};
    }

    assign(name, value) {
      this.set(name, value);
    }

    tellChange(event, ...values) {
      this.trigger(event, this, ...values);
      for (const collection of this.collections) collection.trigger(event, this, ...values);
    }

    get collection() {
      return this.collections.values().next().value;
    }

    get(name) {
      return this.attributes[name];
    }

    set(nameOrValues, value) {
      const values = typeof nameOrValues === "string" ? { [nameOrValues]: value } : nameOrValues;
      // All of them first: who hears of one change sees the others too.
      const changed = [];
      for (const [name, each] of Object.entries(values)) {
        declareAttribute(Object.getPrototypeOf(this), name);
        const previous = this.attributes[name];
        if (previous === each) continue;
        this.attributes[name] = each;
        changed.push([name, each, previous]);
      }
      for (const [name, each, previous] of changed) this.tellChange(`change:${name}`, each, previous);
      if (changed.length > 0) this.tellChange("change");
      return this;
    }

    unset(name) {
      this.assign(name, undefined);
    }

    serialize() {
      return { ...this.attributes };
    }

    toJSON() {
      return this.serialize();
    }

    unsafe() {
      return this;
    }

    safe() {
      return this;
    }
  }

  function defineModel(modelClass, proxyName, attributes) {
    Object.defineProperty(modelClass.prototype, "proxyName", { value: proxyName, configurable: true });
    for (const name of attributes) declareAttribute(modelClass.prototype, name);
    return modelClass;
  }

  exports.BaseModel = BaseModel;
  exports.defineModel = defineModel;
});

__d("WAWebBaseCollection", [], (_global, require, _default, _namespace, _lazy, _module, exports) => {
  const EventEmitter = require("WAWebEventEmitter");

  /* Accepts what libraries hand in: a serialised id, an id object, a model, or a model's bare attributes. */
  function keyOf(value) {
    if (value === null || value === undefined) return undefined;
    if (typeof value === "string") return value;
    if (typeof value._serialized === "string") return value._serialized;
    if (typeof value.$1 === "string") return value.$1;
    if (value.id !== undefined) return keyOf(value.id);
    return String(value);
  }

  class BaseCollection extends EventEmitter {
    #models = new Map();

    constructor(modelClass) {
      super();
      this.modelClass = modelClass;
    }

    get length() {
      return this.#models.size;
    }

    get(id) {
      return this.#models.get(keyOf(id));
    }

    assertGet(id) {
      const model = this.get(id);
      if (model === undefined) throw new Error(`${this.constructor.name} holds no ${keyOf(id)}`);
      return model;
    }

    /* Add a model or its attributes, or an array of them; what is there already is kept and returned. */
    add(items) {
      const added = (Array.isArray(items) ? items : [items]).map((item) => this.#addOne(item));
      return Array.isArray(items) ? added : added[0];
    }

    #addOne(item) {
      const key = keyOf(item);
      const present = this.#models.get(key);
      if (present !== undefined) return present;
      const model = item instanceof this.modelClass ? item : new this.modelClass(item);
      this.#models.set(key, model);
      model.collections.add(this);
      model.trigger("add", model, this);
      this.trigger("add", model, this);
      return model;
    }

    remove(items) {
      for (const item of Array.isArray(items) ? items : [items]) {
        const model = this.get(item);
        if (model === undefined) continue;
        this.#models.delete(keyOf(model));
        model.collections.delete(this);
        this.trigger("remove", model, this);
      }
    }

    /* Let go of the oldest models beyond `limit`, unannounced: they are still in the store. */
    forgetBeyond(limit) {
      for (const [key, model] of this.#models) {
        if (this.#models.size <= limit) return;
        this.#models.delete(key);
        model.collections.delete(this);
      }
    }

    async find(id) {
      return this.assertGet(id);
    }

    getModelsArray() {
      return [...this.#models.values()];
    }

    toArray() {
      return this.getModelsArray();
    }

    get models() {
      return this.getModelsArray();
    }

    head() {
      return this.#models.values().next().value;
    }

    last() {
      return this.getModelsArray().at(-1);
    }

    at(position) {
      return this.getModelsArray()[position];
    }

    includes(item) {
      return this.get(item) !== undefined;
    }

    findFirst(condition) {
      return this.getModelsArray().find(condition);
    }

    map(callback) {
      return this.getModelsArray().map(callback);
    }

    filter(callback) {
      return this.getModelsArray().filter(callback);
    }

    some(callback) {
      return this.getModelsArray().some(callback);
    }

    forEach(callback) {
      this.getModelsArray().forEach(callback);
    }

    serialize() {
      return this.map((model) => model.serialize());
    }

    toJSON() {
      return this.serialize();
    }
  }

  exports.BaseCollection = BaseCollection;
});
