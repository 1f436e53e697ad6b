import { mount } from 'svelte';
import { z } from 'zod';
import App from './frame/App.svelte';
import './styles/tokens.css';
import './styles/base.css';
import './styles/controls.css';
import './styles/layouts.css';
import './styles/overlays.css';

// Compiling validators needs eval, which the content security policy does not allow.
z.config({ jitless: true });

mount(App, { target: document.getElementById('app')! });
