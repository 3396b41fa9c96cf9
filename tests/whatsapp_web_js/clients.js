// Runs whatsapp-web.js clients, one for each id, until its standard input ends: what a user's server does, and no more.
// One request a line ("ping", "destroy", "remove"), one answer a line; the first line says the browsers' pids.
'use strict';

const readline = require('node:readline');
const { Client, LocalAuth } = require('whatsapp-web.js');

const { clientIds, dataPath, puppeteer, recipe } = JSON.parse(process.argv[2]);
const clients = clientIds.map(
    (clientId) => new Client({ authStrategy: new LocalAuth({ clientId, dataPath }), puppeteer }),
);

async function start(client) {
    try {
        await client.initialize();
    } catch (error) {
        // The browser is told that no host exists, so that nothing leaves this machine. It runs on all the same.
        if (!error.message.includes('ERR_NAME_NOT_RESOLVED')) throw error;
        return client.pupBrowser.process().pid;
    }
    throw new Error('WhatsApp Web was reached');
}

const requests = {
    ping: (client) => client.pupBrowser.version(),
    destroy: (client) => client.destroy(),
    remove: (client) => require(recipe)(client, client.authStrategy.userDataDir),
};

async function main() {
    const pids = [];
    for (const client of clients) pids.push(await start(client));
    console.log(JSON.stringify(pids));
    for await (const line of readline.createInterface({ input: process.stdin })) {
        const answers = await Promise.all(clients.map(requests[line]));
        console.log(JSON.stringify(answers.map((answer) => answer ?? null)));
    }
}

main().then(() => process.exit(0));
