import type { MenuItemConstructorOptions } from 'electron';

/** What the menu can have done. */
interface MenuActions {
  /** Shows a screen, by the hash of its address. */
  go(hash: string): void;
  openFile(): void;
  openHome(): void;
  openLogs(): void;
  checkForUpdates(): void;
}

/** The native menu with its accelerators, in the order that each system is used to. */
export function menuTemplate(
  platform: NodeJS.Platform,
  isPackaged: boolean,
  actions: MenuActions,
): MenuItemConstructorOptions[] {
  const isMac = platform === 'darwin';
  const settings: MenuItemConstructorOptions = {
    label: 'Settings…',
    accelerator: 'CommandOrControl+,',
    click: () => actions.go('#/settings'),
  };
  const updates: MenuItemConstructorOptions = { label: 'Check for updates…', click: () => actions.checkForUpdates() };
  const separator: MenuItemConstructorOptions = { type: 'separator' };
  return [
    ...(isMac
      ? [
          {
            role: 'appMenu' as const,
            submenu: [
              { role: 'about' as const },
              updates,
              separator,
              settings,
              separator,
              { role: 'services' as const },
              separator,
              { role: 'hide' as const },
              { role: 'hideOthers' as const },
              { role: 'unhide' as const },
              separator,
              { role: 'quit' as const },
            ],
          },
        ]
      : []),
    {
      label: '&File',
      submenu: [
        { label: 'New experiment', accelerator: 'CommandOrControl+N', click: () => actions.go('#/new/task') },
        { label: 'Open…', accelerator: 'CommandOrControl+O', click: () => actions.openFile() },
        { role: 'recentDocuments', submenu: [{ role: 'clearRecentDocuments' }], visible: isMac },
        separator,
        { label: "Show the program's folder", click: () => actions.openHome() },
        ...(isMac
          ? [separator, { role: 'close' as const }]
          : [separator, settings, separator, { role: 'quit' as const }]),
      ],
    },
    { role: 'editMenu' },
    {
      label: '&View',
      submenu: [
        { label: 'Runs', accelerator: 'CommandOrControl+1', click: () => actions.go('#/runs') },
        { label: 'Datasets', accelerator: 'CommandOrControl+2', click: () => actions.go('#/datasets') },
        { label: 'Models', accelerator: 'CommandOrControl+3', click: () => actions.go('#/models') },
        separator,
        { role: 'resetZoom' },
        { role: 'zoomIn' },
        { role: 'zoomOut' },
        separator,
        { role: 'togglefullscreen' },
        ...(isPackaged ? [] : [separator, { role: 'reload' as const }, { role: 'toggleDevTools' as const }]),
      ],
    },
    { role: 'windowMenu' },
    {
      role: 'help',
      submenu: [
        { label: 'Show log files', click: () => actions.openLogs() },
        ...(isMac ? [] : [separator, updates, { role: 'about' as const }]),
      ],
    },
  ];
}
