/** What the screen shows, before the screen's own title in the title of the page: a run's name, a step. */
class PageTitle {
  subject = $state('');
}

export const pageTitle = new PageTitle();

/** Puts what the screen shows into the title of the page as long as the component that calls it is there. */
export function entitle(subject: () => string): void {
  $effect(() => {
    pageTitle.subject = subject();
  });
  $effect(() => () => {
    pageTitle.subject = '';
  });
}
