'use strict';

// Every method of npm authy, which knows callbacks only, against the sandbox that the test has started.

const { given, inspector, report, run } = require('./report');

const client = require('authy')(given.key, given.host);
const stranger = require('authy')('another-key', given.host);

// attempt makes a call and reports what came of it, for methods of phones(), too.
function attempt(method, input, args, on = client) {
  return new Promise(resolve => {
    const target = method.startsWith('phones.') ? on.phones() : on;

    target[method.replace('phones.', '')](...args, (error, response) => {
      report(method, input, 'callback', error ? { error: error instanceof Error ? error.message : error } : response);
      resolve(response);
    });
  });
}

async function users() {
  const { user: { id } } = await attempt('register_user', 'good', ['ana@example.com', '911 234 567', '351', false]);

  await attempt('register_user', 'good, with install link', ['ana@example.com', '911-234-567', '351', true]);
  await attempt('register_user', 'good, default country', ['bo@example.com', '7754615609']);
  await attempt('register_user', 'good, default country and install link', ['bo@example.com', '7754615609', true]);
  await attempt('register_user', 'bad e-mail and phone', ['ana', '12', '1']);
  await attempt('register_user', 'bad country', ['ana@example.com', '911234567', '999']);
  await attempt('register_user', 'bad key', ['ana@example.com', '911234567', '351'], stranger);

  await attempt('user_status', 'good', [id]);
  await attempt('user_status', 'bad user', ['999']);
  await attempt('user_status', 'bad: no number', ['a/b ?']);

  return id;
}

async function tokens(id) {
  for (const method of ['request_sms', 'request_call']) {
    await attempt(method, 'good', [id]);
    await attempt(method, 'good, with force', [id, true]);
    await attempt(method, 'bad user', ['999']);
  }

  await inspector('POST', `users/${id}/register-app`);
  for (const method of ['request_sms', 'request_call']) {
    await attempt(method, 'good, ignored', [id]);
    await attempt(method, 'good, ignored, without force', [id, false]);
  }

  await attempt('verify', 'good', [id, given.token]);
  await attempt('verify', 'bad: used before', [id, given.token]);
  await attempt('request_sms', 'good, once more', [id, true]);
  await attempt('verify', 'good, with force', [id, `${given.token.slice(0, 3)} ${given.token.slice(3)}`, true]);
  await attempt('verify', 'bad token', [id, '1234567', true]);
  await attempt('verify', 'bad user', ['999', '1234567']);
  await attempt('verify', 'bad: empty', [id, '']);
}

async function phones() {
  const phone = ['775-461-5609', '1'];

  await attempt('phones.verification_start', 'good', phone);
  await attempt('phones.verification_start', 'good, via', [...phone, 'call']);
  await attempt('phones.verification_start', 'good, with options', ['7754615610', '1', { code_length: '6', locale: 'es', via: 'sms' }]);
  await attempt('phones.verification_start', 'good, with custom code', ['7754615611', '1', { custom_code: '24680', custom_message: 'Your code is {{code}}' }]);
  await attempt('phones.verification_start', 'bad country', ['7754615609', 'zzz']);
  await attempt('phones.verification_start', 'bad phone', ['12', '1']);
  await attempt('phones.verification_start', 'bad: landline', ['212345678', '351']);
  await attempt('phones.verification_start', 'bad: toll-free', ['8003569377', '1']);
  await attempt('phones.verification_start', 'bad code length', [...phone, { code_length: 3 }]);

  await attempt('phones.verification_status', 'good', phone);
  await attempt('phones.verification_check', 'bad code', [...phone, '1234']);
  await attempt('phones.verification_check', 'good', [...phone, given.code]);
  await attempt('phones.verification_check', 'bad: none pending', [...phone, given.code]);
  await attempt('phones.verification_check', 'bad: no code', [...phone, undefined]);
  await attempt('phones.verification_check', 'good, custom code', ['7754615611', '1', '24680']);
  await attempt('phones.verification_status', 'good, verified', phone);
  await attempt('phones.verification_status', 'bad: none', ['7754615699', '1']);
  await attempt('phones.verification_status', 'bad: no phone', [undefined, '1']);

  await attempt('phones.info', 'good', phone);
  await attempt('phones.info', 'bad phone', ['12', '1']);
  await attempt('phones.info', 'bad: no country', ['7754615609', undefined]);
}

async function approvals(id) {
  const logos = [{ res: 'default', url: 'https://example.com/d.png' }, { res: 'low', url: 'https://example.com/l.png' }];
  const payload = { details: { 'Account Number': '98 12', location: 'California, USA' }, message: 'Log in?', seconds_to_expire: 120 };

  await attempt('send_approval_request', 'good', [id, { message: 'Log in?' }, null, null]);
  const { approval_request: { uuid } } = await attempt('send_approval_request', 'good, with everything', [id, payload, { ip: '10.1.1.1' }, logos]);
  await attempt('send_approval_request', 'bad user', ['999', payload, {}, logos]);
  await attempt('send_approval_request', 'bad: no message', [id, {}, {}, null]);

  await attempt('check_approval_status', 'good', [uuid]);

  const { approval: { details, hidden_details, logos: pictures, message } } = await inspector('GET', `approvals/${uuid}`);

  report('', 'approval as the sandbox knows it', '', { details, hidden_details, logos: pictures, message });
  await inspector('POST', `approvals/${uuid}/approve`);
  await attempt('check_approval_status', 'good, approved', [uuid]);
  await attempt('check_approval_status', 'bad id', ['550e8400-e29b-41d4-a716-446655440000']);
}

run(async () => {
  const own = Object.keys(Object.getPrototypeOf(client)).filter(name => name !== '_request' && name !== 'phones');

  report('', 'methods', '', [...own, ...Object.keys(client.phones()).map(name => `phones.${name}`)]);

  const id = await users();

  await tokens(id);
  await phones();
  await approvals(id);
  await attempt('delete_user', 'good', [id]);
  await attempt('delete_user', 'bad: gone', [id]);
});
