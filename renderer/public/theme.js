// Kept by app/settings.svelte.ts; the host's answer comes too late for the first paint.
try {
  const theme = localStorage.getItem('cupbearer:theme');
  if (theme === 'light' || theme === 'dark') document.documentElement.dataset.theme = theme;
} catch {
  // Storage is switched off: the system's theme it is until the settings have come.
}
