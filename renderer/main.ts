import { mount } from 'svelte';
import '../resources/style/tokens.css';
import './style/base.css';
import App from './App.svelte';
import Unreachable from './Unreachable.svelte';
import { connect } from './client/connect.ts';
import { openSession } from './state/session.svelte.ts';
import { shownError } from './state/shown-error.ts';

const target = document.querySelector('#app')!;
try {
  const connection = await connect();
  const session = openSession(connection.client);
  session.start();
  connection.onLine((line) => {
    session.line = line;
  });
  mount(App, { target });
} catch (error) {
  mount(Unreachable, { target, props: { error: shownError(error) } });
}
