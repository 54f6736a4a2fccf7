'use strict';

// Every method of npm authy-client, with promises and with callbacks, against the sandbox that the test has started.

const http = require('http');
const { Client, enums } = require('authy-client');
const qs = require('qs'); // what authy-client itself depends on
const { given, inspector, report, run } = require('./report');

const client = new Client({ key: given.key }, { host: given.host });
const stranger = new Client({ key: 'another-key' }, { host: given.host });

const failure = error => ({
  error: error.constructor.name,
  code: error.code,
  message: error.message,
  fields: error.errors && fields(error.errors),
  body: error.body
});

// fields are the names of what a validation did not like.
function fields(errors, prefix = '') {
  return Object.keys(errors).flatMap(name => {
    const below = errors[name];

    return Array.isArray(below) || below.__class__ ? `${prefix}${name}` : fields(below, `${prefix}${name}.`);
  });
}

// call makes one call in one of the two styles.
function call(on, method, style, args) {
  if (style === 'promise') {
    return on[method](...args);
  }

  return new Promise((resolve, reject) => {
    // What the library refuses before it sends anything goes to the promise even then, and never to the callback.
    on[method](...args, (error, response) => (error ? reject(error) : resolve(response)))
      .catch(reject);
  });
}

// attempt makes a call in both styles and reports what came of it. Before makes each of them possible.
async function attempt(method, input, args, { before = async () => {}, on = client, show = x => x } = {}) {
  for (const style of ['promise', 'callback']) {
    await before();

    let outcome;

    try {
      outcome = show(await call(on, method, style, typeof args === 'function' ? args() : args));
    } catch (error) {
      outcome = failure(error);
    }

    report(method, input, style, outcome);
  }
}

// receiver is the application's server: it hands out the callbacks that the sandbox delivers, in turn.
async function receiver() {
  const arrived = [];
  const waiting = [];
  const server = http.createServer((request, response) => {
    let body = '';

    request.on('data', part => { body += part; });
    request.on('end', () => {
      response.end();

      const got = { body, headers: request.headers, method: request.method, url: request.url };

      waiting.length ? waiting.shift()(got) : arrived.push(got);
    });
  });

  await new Promise(resolve => server.listen(0, '127.0.0.1', resolve));

  return {
    close: () => server.close(),
    next: () => (arrived.length ? arrived.shift() : new Promise(resolve => waiting.push(resolve))),
    url: `http://127.0.0.1:${server.address().port}/callback/onetouch`
  };
}

// parsed is a callback as applications hand it to the library.
function parsed({ body, headers, method, url }) {
  return {
    body: method === 'POST' ? JSON.parse(body) : qs.parse(url.split('?')[1]),
    headers,
    method,
    protocol: 'http',
    url
  };
}

// changed is a copy of a callback with one thing changed.
function changed(callback, change) {
  const copy = JSON.parse(JSON.stringify(callback));

  change(copy);

  return copy;
}

async function users() {
  let id;
  const person = { countryCode: 'PT', email: 'ana@example.com', phone: '911234567' };

  await attempt('registerUser', 'good', [person], { show: response => { id = response.user.id; return response; } });
  await attempt('registerUser', 'good, calling code', [{ ...person, countryCode: '1', phone: '408-550-3542' }]);
  await attempt('registerUser', 'bad e-mail', [{ ...person, email: 'ana' }]);
  await attempt('registerUser', 'bad key', [person], { on: stranger });

  await attempt('getUserStatus', 'good', [{ authyId: id }]);
  await attempt('getUserStatus', 'good, with ip', [{ authyId: id }, { ip: '127.0.0.1' }]);
  await attempt('getUserStatus', 'bad user', [{ authyId: 999 }]);

  await attempt('registerActivity', 'good', [{ authyId: id, data: { reason: 'foo' }, type: enums.activity.BANNED }, { ip: '127.0.0.1' }]);
  await attempt('registerActivity', 'bad user', [{ authyId: 999, type: 'cookie_login' }]);
  await attempt('registerActivity', 'bad type', [{ authyId: id, type: 'foo' }]);

  return id;
}

async function tokens(id) {
  const text = () => client.requestSms({ authyId: id }, { force: true });

  for (const method of ['requestSms', 'requestCall']) {
    await attempt(method, 'good', [{ authyId: id }]);
    await attempt(method, 'good, with options', [{ authyId: id }, { action: 'login', force: true, message: 'Log in?' }]);
    await attempt(method, 'bad user', [{ authyId: 999 }]);
  }

  // The answer for a user who cannot be locked out yet is no success, and must not be taken for one.
  await attempt('verifyToken', 'bad token of an unconfirmed user', [{ authyId: id, token: '1234567' }], { show: () => 'taken for valid' });
  await attempt('verifyToken', 'good', [{ authyId: id, token: given.token }], { before: text });
  await attempt('verifyToken', 'good, with force', [{ authyId: id, token: given.token }, { force: true }], { before: text });
  await attempt('verifyToken', 'bad: used before', [{ authyId: id, token: given.token }]);
  await attempt('verifyToken', 'bad token', [{ authyId: id, token: '1234567' }]);
  await attempt('verifyToken', 'bad user', [{ authyId: 999, token: '1234567' }]);
  await attempt('verifyToken', 'bad: not digits', [{ authyId: id, token: 'abc' }]);
}

async function applications() {
  for (const method of ['getApplicationDetails', 'getApplicationStatistics']) {
    await attempt(method, 'good', []);
    await attempt(method, 'good, with ip', [{ ip: '127.0.0.1' }]);
    await attempt(method, 'bad key', [], { on: stranger });
  }
}

async function phones() {
  const phone = { countryCode: 'US', phone: '7754615609' };
  const landline = { countryCode: 'PT', phone: '212345678' };
  const start = () => client.startPhoneVerification({ ...phone, via: enums.verificationVia.SMS });

  await attempt('startPhoneVerification', 'good', [{ ...phone, via: 'sms' }]);
  await attempt('startPhoneVerification', 'good, call', [{ ...phone, via: 'call' }, { codeLength: 6, locale: 'es' }]);
  await attempt('startPhoneVerification', 'bad: landline', [{ ...landline, via: 'sms' }]);
  await attempt('startPhoneVerification', 'bad via', [{ ...phone, via: 'pigeon' }]);

  await attempt('verifyPhone', 'bad code', [{ ...phone, token: '1234' }]);
  await attempt('verifyPhone', 'good', [{ ...phone, token: given.code }], { before: start });
  await attempt('verifyPhone', 'bad: none pending', [{ ...phone, token: given.code }]);

  await attempt('getPhoneInformation', 'good', [phone]);
  await attempt('getPhoneInformation', 'good, with ip', [landline, { ip: '127.0.0.1' }]);
  await attempt('getPhoneInformation', 'bad phone', [{ countryCode: 'US', phone: '12' }]);
  await attempt('getPhoneInformation', 'bad key', [phone], { on: stranger });
}

const request = {
  details: { hidden: { ip_address: '10.10.3.203' }, visible: { amount: '98.10 €', location: 'California, USA', username: 'Bill Smith' } },
  logos: [{ res: 'default', url: 'https://example.com/logos/default.png' }, { res: 'low', url: 'https://example.com/logos/low.png' }],
  message: 'Login requested for a CapTrade Bank account.'
};

async function approvals(id) {
  let uuid;
  const keep = response => { uuid = response.approval_request.uuid; return response; };

  await attempt('createApprovalRequest', 'good', [{ authyId: id, message: 'Log in?' }], { show: keep });
  await attempt('createApprovalRequest', 'good, with everything', [{ authyId: id, ...request }, { ttl: 120 }], { show: keep });
  await attempt('createApprovalRequest', 'bad user', [{ authyId: 999, message: 'Log in?' }]);
  await attempt('createApprovalRequest', 'bad logo', [{ authyId: id, logos: [{ res: 'default' }], message: 'Log in?' }]);

  await attempt('getApprovalRequest', 'good', () => [{ id: uuid }]);
  await inspector('POST', `approvals/${uuid}/deny`);
  await attempt('getApprovalRequest', 'good, denied', () => [{ id: uuid }]);
  await attempt('getApprovalRequest', 'bad id', [{ id: '550e8400-e29b-41d4-a716-446655440000' }]);
}

// answered is the callback for an approval request that the user has answered.
async function answered(server, id, verb, details = request.details) {
  const response = await client.createApprovalRequest({ authyId: id, ...request, details });

  await inspector('POST', `approvals/${response.approval_request.uuid}/${verb}`);

  return parsed(await server.next());
}

async function callbacks(id) {
  const server = await receiver();
  const show = () => 'verified';

  for (const method of ['POST', 'GET']) {
    await inspector('POST', 'callback', { method, url: server.url });

    for (const verb of ['approve', 'deny']) {
      const callback = await answered(server, id, verb);
      const name = `${method} ${verb}`;

      await attempt('verifyCallback', `good: ${name}`, [callback], { show: ({ body }) => `verified as ${body.status}` });

      // Two holes of the library, not of the signatures: it does not look at the signature of a GET, and takes a POST
      // without one for signed. authysh's own verifier refuses both.
      for (const [what, change] of Object.entries({
        'another host': copy => { copy.headers.host = 'evil.example'; },
        'another message': copy => { copy.body.approval_request.transaction.message = 'Pay?'; },
        'another nonce': copy => { copy.headers['x-authy-signature-nonce'] = '1455825429'; },
        'another path': copy => { copy.url = '/callback/other'; },
        'another signature': copy => { copy.headers['x-authy-signature'] = 'hqB6las54sMBA83GKs0U1QQi9ocJ2tH20SXHZNzfqqQ='; },
        'another status': copy => { copy.body.status = verb === 'approve' ? 'denied' : 'approved'; },
        'no signature': copy => { delete copy.headers['x-authy-signature']; },
        'no uuid': copy => { delete copy.body.uuid; }
      })) {
        await attempt('verifyCallback', `bad: ${name}, ${what}`, [changed(callback, change)], { show });
      }

      await attempt('verifyCallback', `bad: ${name}, another key`, [callback], { on: stranger, show });
    }
  }

  // The library sorts keys as people do, not by bytes as the service.
  await inspector('POST', 'callback', { method: 'POST', url: server.url });
  const mixed = await answered(server, id, 'approve', { visible: { Username: 'Bill', location: 'here' } });
  await attempt('verifyCallback', 'mixed-case details', [mixed], { show });

  // What the Go client has signed, for hosts that run their own tests.
  await attempt('verifyCallback', 'good: signed by authysh', [parsed(given.signed)], { show });
  await attempt('verifyCallback', 'bad: signed by authysh, another message', [changed(parsed(given.signed), copy => {
    copy.body.approval_request.transaction.message = 'Ola?';
  })], { show });

  await inspector('POST', 'callback', { url: '' });
  server.close();
}

run(async () => {
  report('', 'methods', '', Object.getOwnPropertyNames(Client.prototype).filter(name => name !== 'constructor'));

  let id = await users();

  await tokens(id);
  await applications();
  await phones();
  await approvals(id);
  await callbacks(id);

  await attempt('deleteUser', 'good', () => [{ authyId: id }], {
    before: async () => {
      const response = await client.registerUser({ countryCode: 'PT', email: 'bo@example.com', phone: '912345678' });

      id = response.user.id;
    }
  });
  await attempt('deleteUser', 'bad user', [{ authyId: 999 }, { ip: '127.0.0.1' }]);
});
