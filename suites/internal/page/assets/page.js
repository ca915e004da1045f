(() => {
  const shared = JSON.parse(document.getElementById('shared').textContent);
  const scenarios = [...document.querySelectorAll('details.scenario')];
  const all = selector => [...document.querySelectorAll(selector)];

  // Without scripts each table is open; here it stands behind its plot.
  for (const table of all('details.more')) table.open = false;

  // A scenario is drawn when it is opened: sixty at once would take seconds.
  function drawScenario(scenario) {
    if (!scenario.open || scenario.dataset.drawn) return;
    scenario.dataset.drawn = 'yes';
    const script = scenario.querySelector('script[type="application/json"]');
    const data = script ? JSON.parse(script.textContent) : {};
    for (const figure of scenario.querySelectorAll('figure[data-plot]')) {
      figure.hidden = false;
      try {
        logperf.kinds[figure.dataset.plot](figure, data, shared);
      } catch (err) {
        figure.textContent = 'This plot cannot be drawn (' + err.message + '); the table has its figures.';
        figure.dataset.failed = err.message;
        figure.parentElement.querySelectorAll('details.more').forEach(table => { table.open = true; });
      }
    }
  }

  for (const scenario of scenarios) {
    scenario.addEventListener('toggle', () => drawScenario(scenario));
    drawScenario(scenario);
  }

  // A link to a scenario opens it.
  function follow() {
    const target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (target && target.tagName === 'DETAILS') {
      target.open = true;
      target.scrollIntoView();
    }
  }
  addEventListener('hashchange', follow);
  document.addEventListener('click', event => {
    const link = event.target.closest('a[href^="#s-"]');
    if (link && link.hash === location.hash) follow();
  });
  follow();

  const redraw = () => logperf.plots.forEach(p => p.redraw());
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', redraw);
  for (const [event, printing] of [['beforeprint', true], ['afterprint', false]]) {
    addEventListener(event, () => {
      logperf.printing = printing;
      document.documentElement.classList.toggle('print', printing);
      redraw();
    });
  }

  document.querySelector('.tools').hidden = false;
  const shown = () => scenarios.filter(s => !s.hidden);
  document.getElementById('open').addEventListener('click', () => shown().forEach(s => { s.open = true; }));
  document.getElementById('close').addEventListener('click', () => shown().forEach(s => { s.open = false; }));
  document.getElementById('filter').addEventListener('input', event => {
    const part = event.target.value.trim().toLowerCase();
    for (const s of scenarios) s.hidden = !s.querySelector('h3').textContent.toLowerCase().includes(part);
    for (const group of all('section.group')) group.hidden = !group.querySelector('details.scenario:not([hidden])');
    for (const row of all('#overview tbody tr')) row.hidden = !row.cells[0].textContent.toLowerCase().includes(part);
    document.getElementById('found').textContent = part ? shown().length + ' of ' + scenarios.length : '';
  });
})();
