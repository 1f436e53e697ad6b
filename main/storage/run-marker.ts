/** The file in a run's folder that the desktop program is opened by; its place says which run is meant. */
export const runMarker = {
  name: 'run.cupbearer',
  extension: '.cupbearer',
  content: '{ "format": 1, "about": "Open this file with Cupbearer to see the run in this folder." }\n',
};
