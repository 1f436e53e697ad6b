import { EventEmitter } from 'node:events';
import { PassThrough } from 'node:stream';
import type * as Electron from 'electron';

/** What was asked of Electron, in order. */
export const asked: { what: string; with: unknown[] }[] = [];

/** The arguments of every call so named. */
export function calls(what: string): unknown[][] {
  return asked.filter((entry) => entry.what === what).map((entry) => entry.with);
}

const note =
  <A extends unknown[]>(what: string) =>
  (...args: A): void =>
    void asked.push({ what, with: args });

/** A window's contents: what the guards and the printing ask of them. */
export class ContentsStandIn extends EventEmitter {
  openHandler: ((details: { url: string }) => { action: string }) | undefined;
  setWindowOpenHandler(handler: (details: { url: string }) => { action: string }): void {
    this.openHandler = handler;
  }
  printToPDF = (options: unknown): Promise<Buffer> => {
    note('printToPDF')(options);
    return Promise.resolve(Buffer.from('%PDF'));
  };
  postMessage = note('contents.postMessage');
  address = '';
  hasCrashed = false;
  getURL = (): string => this.address;
  isCrashed = (): boolean => this.hasCrashed;
  reload = note('reload');
  executeJavaScript = async (code: string): Promise<void> => note('executeJavaScript')(code);
}

/** A window with the options that it was opened with. */
export class WindowStandIn extends EventEmitter {
  static all: WindowStandIn[] = [];
  /** What happens while a window loads its page. */
  static whileLoading: ((address: string) => Promise<void>) | undefined;
  static getAllWindows(): WindowStandIn[] {
    return WindowStandIn.all;
  }
  readonly webContents = new ContentsStandIn();
  readonly options: Electron.BrowserWindowConstructorOptions;
  isLookedAt = false;
  progress: number | undefined;
  constructor(options: Electron.BrowserWindowConstructorOptions) {
    super();
    this.options = options;
    WindowStandIn.all.push(this);
  }
  isFocused = (): boolean => this.isLookedAt;
  maximize = note('maximize');
  show = note('show');
  destroy = note('destroy');
  setProgressBar(progress: number): void {
    this.progress = progress;
  }
  isDestroyed = (): boolean => false;
  isMinimized = (): boolean => true;
  restore = note('restore');
  focus = note('focus');
  hide = note('hide');
  bounds: Electron.Rectangle = { x: 10, y: 20, width: 1200, height: 800 };
  isWide = true;
  isVisible = (): boolean => true;
  getNormalBounds = (): Electron.Rectangle => this.bounds;
  isMaximized = (): boolean => this.isWide;
  loadURL = async (address: string): Promise<void> => {
    note('loadURL')(address);
    this.webContents.address = address;
    await WindowStandIn.whileLoading?.(address);
  };
}

/** What stands in a tray. */
export class TrayStandIn extends EventEmitter {
  static last: TrayStandIn | undefined;
  constructor(icon: string) {
    super();
    note('tray')(icon);
    TrayStandIn.last = this;
  }
  setToolTip = note('tray.setToolTip');
  setContextMenu = note('tray.setContextMenu');
  destroy = note('tray.destroy');
}

class NotificationStandIn extends EventEmitter {
  static isSupported = (): boolean => true;
  constructor(options: Electron.NotificationConstructorOptions) {
    super();
    note('notification')(options, this);
  }
  show = note('notification.show');
}

/** A utility process whose other side is played by the test. */
export class UtilityStandIn extends EventEmitter {
  static last: UtilityStandIn;
  pid: number | undefined = 2 ** 30;
  stderr = new PassThrough();
  constructor(...args: unknown[]) {
    super();
    note('utilityProcess.fork')(...args);
    UtilityStandIn.last = this;
  }
  postMessage = note('utility.postMessage');
  kill = (): boolean => {
    note('utility.kill')();
    return true;
  };
}

/** One end of a line: what it posts comes out at the other, copied, once that has been started. */
export class PortStandIn extends EventEmitter {
  other: PortStandIn | undefined;
  readonly #waiting: unknown[] = [];
  #isStarted = false;
  start(): void {
    this.#isStarted = true;
    for (const data of this.#waiting.splice(0)) this.emit('message', { data });
  }
  postMessage(data: unknown): void {
    const copy: unknown = structuredClone(data);
    const { other } = this;
    if (other) setImmediate(() => other.#take(copy));
  }
  #take(data: unknown): void {
    if (this.#isStarted) this.emit('message', { data });
    else this.#waiting.push(data);
  }
}

type PermissionHandlers = {
  request: Parameters<Electron.Session['setPermissionRequestHandler']>[0];
  check: Parameters<Electron.Session['setPermissionCheckHandler']>[0];
  device: Parameters<Electron.Session['setDevicePermissionHandler']>[0];
};

/** A session that keeps its handlers for the test to call. */
export class SessionStandIn {
  handlers: Partial<PermissionHandlers> = {};
  pages: ((request: Request) => Promise<Response>) | undefined;
  requests: ((details: { url: string }, answer: (how: { cancel: boolean }) => void) => void) | undefined;
  setPermissionRequestHandler = (handler: PermissionHandlers['request']) => (this.handlers.request = handler);
  setPermissionCheckHandler = (handler: PermissionHandlers['check']) => (this.handlers.check = handler);
  setDevicePermissionHandler = (handler: PermissionHandlers['device']) => (this.handlers.device = handler);
  protocol = {
    handle: (scheme: string, handler: (request: Request) => Promise<Response>) => {
      note('protocol.handle')(scheme);
      this.pages = handler;
    },
  };
  webRequest = {
    onBeforeRequest: (handler: NonNullable<SessionStandIn['requests']>) => (this.requests = handler),
  };
}

export const printing = new SessionStandIn();
/** Where the program and its folders are. */
export const appPaths: Record<string, string> = {};
export const app = Object.assign(new EventEmitter(), {
  isPackaged: false,
  addRecentDocument: note('addRecentDocument'),
  getVersion: () => '1.0.0',
  setName: note('setName'),
  setAppUserModelId: note('setAppUserModelId'),
  setAppLogsPath: () => undefined,
  getAppPath: () => appPaths['app'],
  getPath: (name: string) => appPaths[name],
  setPath: (name: string, path: string) => void (appPaths[name] = path),
  requestSingleInstanceLock: () => true,
  whenReady: () => Promise.resolve(),
  commandLine: { hasSwitch: () => false },
  quit: note('quit'),
  exit: note('exit'),
});
/** The session of the program's windows. */
export const ownSession = new SessionStandIn();
export const ipcMain = new EventEmitter();
const ipcRenderer = Object.assign(new EventEmitter(), { send: note('ipcRenderer.send') });

/** electron-updater, with a server that the test plays. */
class UpdaterStandIn extends EventEmitter {
  failure: Error | undefined;
  checkForUpdates = (): Promise<void> => Promise.resolve(note('checkForUpdates')());
  quitAndInstall = note('quitAndInstall');
  setFeedURL = note('setFeedURL');
  downloadUpdate(): Promise<void> {
    note('downloadUpdate')();
    if (!this.failure) return Promise.resolve();
    this.emit('error', this.failure);
    return Promise.reject(this.failure);
  }
}
export const updater = new UpdaterStandIn();

let blockers = 0;

/** The module as far as main/hosts/electron uses it. */
export const electronModule = {
  app,
  ipcMain,
  ipcRenderer,
  BrowserWindow: WindowStandIn,
  Tray: TrayStandIn,
  powerMonitor: new EventEmitter(),
  Notification: NotificationStandIn,
  MessageChannelMain: class {
    port1 = new PortStandIn();
    port2 = new PortStandIn();
    constructor() {
      this.port1.other = this.port2;
      this.port2.other = this.port1;
    }
  },
  utilityProcess: { fork: (...args: unknown[]) => new UtilityStandIn(...args) },
  protocol: { registerSchemesAsPrivileged: note('registerSchemesAsPrivileged') },
  session: { fromPartition: () => printing, defaultSession: ownSession },
  screen: { getAllDisplays: () => [{ workArea: { x: 0, y: 0, width: 1920, height: 1080 } }] },
  nativeTheme: { shouldUseDarkColors: true, themeSource: 'system' },
  Menu: { buildFromTemplate: (template: object[]) => template, setApplicationMenu: note('setApplicationMenu') },
  net: { fetch: (address: string, init: RequestInit) => fetch(address, init) },
  clipboard: { writeText: note('clipboard.writeText') },
  crashReporter: { start: note('crashReporter.start') },
  shell: {
    openExternal: (url: string) => Promise.resolve(note('openExternal')(url)),
    showItemInFolder: note('showItemInFolder'),
  },
  dialog: {
    showErrorBox: note('showErrorBox'),
    answers: [] as number[],
    showMessageBox(...given: [Electron.MessageBoxOptions] | [unknown, Electron.MessageBoxOptions]) {
      note('showMessageBox')(given.at(-1));
      return Promise.resolve({ response: this.answers.shift() ?? 0, checkboxChecked: false });
    },
  },
  powerSaveBlocker: {
    start: (type: string) => {
      note('powerSaveBlocker.start')(type);
      return ++blockers;
    },
    stop: note('powerSaveBlocker.stop'),
  },
};
