/** Entry point of the desktop program: Electron's main process. */
import { join } from 'node:path';
import { app, crashReporter, dialog, Menu, nativeTheme, session, shell } from 'electron';
import { createRouterClient } from '@orpc/server';
import { createApplication, type RunningApplication } from '../../api/create-application.ts';
import { createRouter } from '../../api/router.ts';
import { toErrorRecord } from '../../../shared/errors.ts';
import { cupbearerHome } from '../../storage/home.ts';
import { createPrivateFolder } from '../../storage/private-files.ts';
import { requireRenderer } from '../renderer-files.ts';
import { Activity } from './activity.ts';
import { offerCalls } from './connections.ts';
import { reloadGonePage } from './gone-pages.ts';
import { denyPermissions, keepWindowsAtHome } from './guards.ts';
import { isOwnProcess, utilityLauncher } from './launch-utility-process.ts';
import { Leaving } from './leaving.ts';
import { logUncaught, openLog } from './log-file.ts';
import { openMainWindow, reportToStarter, showScreen } from './main-window.ts';
import { menuTemplate } from './menu.ts';
import { chooseRunFile, fileAmong, HandedFiles, openRunFile } from './open-runs.ts';
import { printPdf } from './print-pdf.ts';
import { registerScheme, serveRenderer } from './renderer-protocol.ts';
import { goesOnUnsandboxed } from './unsandboxed.ts';
import { readUpdateSource, type UpdateSource } from './update-source.ts';
import { Updates } from './updates.ts';

app.setName('Cupbearer');
// If the user has chosen a folder, everything goes there; otherwise window state, logs and crashes go to the system's
// places.
if (process.env['CUPBEARER_HOME']) {
  const desktop = join(cupbearerHome(), 'desktop');
  try {
    // Electron takes only a folder that is there.
    createPrivateFolder(desktop);
    app.setPath('userData', desktop);
  } catch {
    // There is no window yet that could say so. The start, which needs the same home, does.
  }
}
// The id of electron-builder.yml, by which Windows knows whose notifications these are.
app.setAppUserModelId('org.cupbearer.app');
app.setAppLogsPath();
const log = openLog(app.getPath('logs'));
logUncaught(log);
crashReporter.start({ uploadToServer: false });

const handedFiles = new HandedFiles();

if (app.requestSingleInstanceLock()) {
  registerScheme();
  keepWindowsAtHome();
  void app.whenReady().then(start).catch(giveUp);
} else {
  // The program that is running already gets the event second-instance and shows itself.
  app.quit();
}

function giveUp(error: unknown): void {
  const { message, hint = '', stack = message } = toErrorRecord(error);
  log(stack);
  reportToStarter();
  dialog.showErrorBox('Cupbearer cannot start', `${message}\n\n${hint}`);
  app.exit(1);
}

async function start(): Promise<void> {
  const appImage = process.env['APPIMAGE'];
  if (appImage !== undefined && app.commandLine.hasSwitch('no-sandbox') && !(await goesOnUnsandboxed(appImage))) {
    app.exit(1);
    return;
  }
  const rendererFolder = join(app.getAppPath(), 'dist', 'renderer');
  requireRenderer(rendererFolder);
  const placeFile = join(app.getPath('userData'), 'window.json');
  createPrivateFolder(app.getPath('userData'));

  const updateSource = app.isPackaged ? installedSource() : undefined;
  const application = createApplication({
    host: {
      kind: 'electron',
      launch: utilityLauncher(log),
      logsDir: app.getPath('logs'),
      canUpdate: updateSource !== undefined,
      // Selects the folder in its parent: opening one named X.app would start it on macOS.
      openFolder: async (path) => shell.showItemInFolder(path),
      chooseFolder: async (title) => {
        const { filePaths } = await dialog.showOpenDialog({ title, properties: ['openDirectory', 'createDirectory'] });
        return filePaths[0] ?? null;
      },
      printPdf,
    },
  });
  const router = createRouter(application);

  denyPermissions(session.defaultSession);
  serveRenderer(session.defaultSession, rendererFolder);
  offerCalls(router);

  const leaving = new Leaving({ runs: application.queued, close: () => application.close(), log });
  const openWindow = (hash?: string) => {
    const opened = openMainWindow(placeFile, hash);
    leaving.guard(opened);
    reloadGonePage(opened, log);
    return opened;
  };
  let window = openWindow();
  const bringToFront = () => {
    leaving.comeBack();
    if (window.isDestroyed()) window = openWindow();
    if (window.isMinimized()) window.restore();
    window.focus();
  };
  const go = (hash: string) => {
    if (window.isDestroyed()) window = openWindow(hash);
    else {
      bringToFront();
      showScreen(window, hash);
    }
  };
  const open = (file: string) => void openRunFile(file, application, go);

  const settings = () => application.settings.current();
  followTheme(application);
  const updates = updateSource && new Updates(updateSource, settings, log, () => leaving.agree());
  updates?.start();
  Menu.setApplicationMenu(
    Menu.buildFromTemplate(
      menuTemplate(process.platform, app.isPackaged, {
        go,
        openFile: () => void chooseRunFile().then((file) => file !== undefined && open(file)),
        openHome: () => shell.showItemInFolder(cupbearerHome()),
        openLogs: () => shell.showItemInFolder(app.getPath('logs')),
        checkForUpdates: () =>
          void (
            updates?.checkNow() ??
            dialog.showMessageBox({ message: 'This copy of the program is not updated from here.' })
          ),
      }),
    ),
  );

  const client = createRouterClient(router);
  const activity = new Activity(settings, go);
  void client.runs.watch({}).then((events) => activity.follow(events));
  void client.experiments.watch({}).then((events) => activity.followExperiments(events));

  app.on('second-instance', (_event, args, workingDir) => {
    const file = fileAmong(args, workingDir);
    if (file === undefined) bringToFront();
    else open(file);
  });
  app.on('activate', bringToFront);
  app.on('window-all-closed', () => {
    if (process.platform !== 'darwin') app.quit();
  });
  app.on('child-process-gone', (_event, process) => {
    const { type, name, reason, exitCode } = process;
    if (!isOwnProcess(process)) log(`A process of type ${type} (${name ?? 'no name'}) ended: ${reason} (${exitCode}).`);
  });

  const first = fileAmong(process.argv, process.cwd());
  if (first !== undefined) open(first);
  handedFiles.openWith(open);
}

/** Returns where this copy gets newer versions; undefined, with a line in the log, if its build is faulty. */
function installedSource(): UpdateSource | undefined {
  try {
    return readUpdateSource({
      resources: process.resourcesPath,
      program: app.getAppPath(),
      platform: process.platform,
    });
  } catch (error) {
    log(`This copy is not updated. ${toErrorRecord(error).message}`);
    return undefined;
  }
}

/** Menus and title bars follow the theme that the user has set. */
function followTheme({ settings }: RunningApplication): void {
  nativeTheme.themeSource = settings.current().theme;
  settings.onChange(({ theme }) => (nativeTheme.themeSource = theme));
}
