/** Whether the command palette or the list of shortcuts is open. */
class Palette {
  open = $state(false);
  shortcuts = $state(false);

  show(): void {
    this.open = true;
  }
}

export const palette = new Palette();
