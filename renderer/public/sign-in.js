// On the page that a link of "cupbearer serve" leads to: keeps the key for app/connection.svelte.ts and goes on to the program.
const key = document.currentScript?.dataset.key;
try {
  if (key) localStorage.setItem('cupbearer:key', key);
} catch {
  // Storage is switched off, and cookies with it: the program says how to get in.
}
location.replace('/');
