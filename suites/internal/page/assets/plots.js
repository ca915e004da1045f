'use strict';
// Draws the plots of a scenario from its data. All figures stand in tables of the
// page too: nothing here is more than a picture.
const logperf = {plots: []};
(() => {
  const steps = {
    ns: [['s', 1e9], ['ms', 1e6], ['us', 1e3], ['ns', 1]],
    B: [['GiB', 2 ** 30], ['MiB', 2 ** 20], ['KiB', 2 ** 10], ['B', 1]],
    'rec/s': [['G', 1e9], ['M', 1e6], ['k', 1e3], ['', 1]],
    count: [['M', 1e6], ['k', 1e3], ['', 1]],
  };

  // digits and format write a value as metric.Unit.Format does in Go.
  function digits(v) {
    const a = Math.abs(v);
    if (v === Math.trunc(v) && a < 1e6) return v.toFixed(0);
    if (a >= 99.95) return v.toFixed(0);
    if (a >= 9.995) return v.toFixed(1);
    if (a >= 0.9995) return v.toFixed(2);
    return String(Number(v.toPrecision(3)));
  }

  function format(unit, v) {
    if (v === null || v === undefined || Number.isNaN(v)) return '-';
    if (unit === 'ratio') return v !== 0 && Math.abs(v) < 0.0995 ? digits(v) : v.toFixed(3);
    if (unit === 'MB/s') return digits(v) + ' MB/s';
    for (const [suffix, factor] of steps[unit] || steps.count) {
      if (Math.abs(v) < factor * 0.9995 && factor !== 1) continue;
      const text = digits(v / factor);
      if (unit === 'rec/s') return text + ' ' + suffix + '/s';
      return unit === 'ns' || unit === 'B' ? text + ' ' + suffix : text + suffix;
    }
    return digits(v);
  }

  const color = name => getComputedStyle(document.documentElement).getPropertyValue('--' + name).trim();
  const look = [
    {color: 's1', dash: [], shape: 'circle'}, {color: 's2', dash: [6, 3], shape: 'square'},
    {color: 's3', dash: [2, 3], shape: 'triangle'}, {color: 's4', dash: [9, 3, 2, 3], shape: 'diamond'},
    {color: 's5', dash: [4, 2], shape: 'circle'},
  ];
  const lookOf = i => look[i % look.length];

  function element(tag, attributes = {}, ...children) {
    const e = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) e.setAttribute(name, value);
    e.append(...children);
    return e;
  }

  // drawn counts the points of the plot that is being drawn: those within its area.
  let drawn = 0;

  function path(u, shape, x, y, r) {
    const {ctx, bbox} = u;
    if (x >= bbox.left && x <= bbox.left + bbox.width && y >= bbox.top && y <= bbox.top + bbox.height) drawn++;
    ctx.beginPath();
    if (shape === 'square') ctx.rect(x - r * .85, y - r * .85, r * 1.7, r * 1.7);
    else if (shape === 'triangle') { ctx.moveTo(x, y - r * 1.1); ctx.lineTo(x + r, y + r * .8); ctx.lineTo(x - r, y + r * .8); ctx.closePath(); }
    else if (shape === 'diamond') { ctx.moveTo(x, y - r * 1.2); ctx.lineTo(x + r * 1.2, y); ctx.lineTo(x, y + r * 1.2); ctx.lineTo(x - r * 1.2, y); ctx.closePath(); }
    else ctx.arc(x, y, r, 0, 2 * Math.PI);
  }

  // legend shows each series by colour, dash and shape.
  function legend(names, shapes) {
    const list = element('ul', {class: 'legend'});
    const ns = 'http://www.w3.org/2000/svg';
    names.forEach((name, i) => {
      const svg = document.createElementNS(ns, 'svg');
      for (const [k, v] of Object.entries({width: 26, height: 12, 'aria-hidden': 'true'})) svg.setAttribute(k, v);
      const l = lookOf(i), stroke = `var(--${l.color})`;
      const p = document.createElementNS(ns, 'path');
      const d = !shapes ? 'M0 6H26' : {
        circle: 'M9 6a4 4 0 1 0 8 0a4 4 0 1 0 -8 0', square: 'M9.6 2.6h6.8v6.8h-6.8z',
        triangle: 'M13 1.6l4 7.6h-8z', diamond: 'M13 1.2l4.8 4.8l-4.8 4.8l-4.8 -4.8z',
      }[l.shape];
      for (const [k, v] of Object.entries({d, stroke, fill: shapes ? stroke : 'none', 'stroke-width': 2, 'stroke-dasharray': shapes ? '' : l.dash.join(' ')})) p.setAttribute(k, v);
      svg.append(p);
      list.append(element('li', {}, svg, name));
    });
    return list;
  }

  // Bytes are counted in powers of two.
  const binary = Array.from({length: 50}, (_, i) => 2 ** i);

  // Logarithmic axes have more lines the fewer decades they show.
  function decades(u, index, low, high) {
    const all = [];
    const within = high / low < 5 ? [1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8] : high / low < 1e3 ? [1, 2, 5] : [1];
    for (let e = Math.floor(Math.log10(low)); e <= Math.log10(high); e++) {
      all.push(...within.map(m => Number(`${m}e${e}`)).filter(v => v >= low && v <= high));
    }
    return all;
  }
  const logarithmic = {distr: 3, range: (u, low, high) => low === null ? [1, 10] : [low / 1.3, high * 1.3]};

  function axis(unit, more) {
    return Object.assign(unit === 'B' ? {incrs: binary} : {}, {
      size: 30,
      stroke: () => color('soft'), font: '12px system-ui, sans-serif', grid: {stroke: () => color('line'), width: 1},
      ticks: {stroke: () => color('line'), width: 1, size: 4},
      values: (u, splits) => splits.map(v => v === null ? '' : format(unit, v)),
    }, more);
  }

  // y axes are as wide as what they say.
  const yAxis = (unit, more) => axis(unit, Object.assign({size: 66, space: 26}, more));

  // countOf is how many points a plot has: what a test holds against its data.
  const countOf = series => series.reduce((n, values) => n + values.filter(v => v !== null && v !== undefined).length, 0);

  // draw makes one plot below what stands in the panel already.
  function draw(panel, summary, height, options, data, says) {
    const box = element('div', {class: 'canvas', role: 'img', 'aria-label': summary});
    const readout = element('p', {class: 'readout', 'aria-hidden': 'true'});
    panel.append(box, readout);
    const u = new uPlot(Object.assign({
      width: Math.max(box.clientWidth, 200), height, legend: {show: false}, padding: [10, 14, null, null],
    }, options, {
      cursor: Object.assign({drag: {x: false, y: false}, points: {show: false}}, options.cursor),
      hooks: Object.assign({setCursor: [v => { readout.textContent = v.cursor.idx == null ? '' : says(v.cursor.idx, v); }]}, options.hooks),
    }), data, box);
    u.ctx.canvas.dataset.points = countOf(data.slice(1));
    // On paper there is less room than on most screens, and no event tells how much.
    const width = () => Math.max(logperf.printing ? Math.min(box.clientWidth, 660) : box.clientWidth, 200);
    const plot = {u, box, redraw: () => u.setSize({width: width(), height})};
    plot.watch = new ResizeObserver(() => { if (box.clientWidth > 0 && Math.abs(width() - u.width) > 1) plot.redraw(); });
    plot.watch.observe(box);
    logperf.plots.push(plot);
    return plot;
  }

  function forget(plots) {
    for (const p of plots) {
      p.watch.disconnect();
      p.u.destroy();
      p.box.nextSibling.remove();
      p.box.remove();
      logperf.plots.splice(logperf.plots.indexOf(p), 1);
    }
  }

  // within clips what a hook draws to the plotting area, and says how many points it
  // has drawn there.
  function within(u, f) {
    const {ctx, bbox} = u;
    ctx.save();
    ctx.beginPath();
    ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
    ctx.clip();
    drawn = 0;
    f(ctx, devicePixelRatio);
    ctx.canvas.dataset.drawn = drawn;
    ctx.restore();
  }

  function vertical(u, ctx, ratio, at, text, name) {
    const x = u.valToPos(at, 'x', true);
    ctx.strokeStyle = ctx.fillStyle = color(name);
    ctx.lineWidth = 1.5 * ratio;
    ctx.setLineDash([5 * ratio, 3 * ratio]);
    ctx.beginPath();
    ctx.moveTo(x, u.bbox.top);
    ctx.lineTo(x, u.bbox.top + u.bbox.height);
    ctx.stroke();
    ctx.setLineDash([]);
    ctx.font = 11 * ratio + 'px system-ui, sans-serif';
    const room = x + ctx.measureText(text).width + 8 * ratio < u.bbox.left + u.bbox.width;
    ctx.textAlign = room ? 'left' : 'right';
    ctx.fillText(text, x + (room ? 4 : -4) * ratio, u.bbox.top + 11 * ratio);
  }

  const invisible = () => null;
  const scatter = (name, scale) => ({label: name, scale, paths: invisible, points: {show: false}});

  // strips: a line of points for each row, its median and interval.
  function strip(panel, s) {
    const n = s.lines.length, at = [], shown = s.lines.map(() => []);
    const points = s.lines.flatMap((l, i) => l.v.map((v, k) => ({v, i, k}))).sort((a, b) => a.v - b.v);
    for (const p of points) {
      at.push(p.v);
      shown.forEach((column, i) => column.push(i === p.i ? n - 1 - i + (p.k % 3 - 1) * .13 : null));
    }
    let [low, high] = [at[0], at[at.length - 1]];
    const near = s.limit !== undefined && s.limit >= low / 2 && s.limit <= high * 2;
    if (near) [low, high] = [Math.min(low, s.limit), Math.max(high, s.limit)];
    const pad = (high - low || Math.abs(high) || 1) * .06;
    const names = s.lines.map(l => l.of);
    const summary = `Repetitions of ${s.name}: ` + s.lines.map(l => `${l.of} median ${format(s.unit, l.m)}` +
      (l.lo === undefined ? '' : `, interval ${format(s.unit, l.lo)} to ${format(s.unit, l.hi)}`)).join('; ') +
      (s.limit === undefined ? '' : `; limit ${s.limit_text}`);
    return draw(panel, summary, 44 + 32 * n, {
      scales: {x: {time: false, range: () => [low - pad, high + pad]}, y: {range: () => [-.6, n - .4]}},
      series: [{}, ...names.map(name => scatter(name, 'y'))],
      axes: [axis(s.unit, {space: 70}), axis('', {
        size: Math.min(120, 16 + 6.6 * Math.max(...names.map(t => t.length))), splits: () => names.map((_, i) => n - 1 - i),
        values: () => names, grid: {show: false}, ticks: {show: false},
      })],
      cursor: {y: false},
      hooks: {draw: [u => within(u, (ctx, ratio) => {
        s.lines.forEach((l, i) => {
          const y = u.valToPos(n - 1 - i, 'y', true), x = v => u.valToPos(v, 'x', true);
          ctx.fillStyle = ctx.strokeStyle = color(lookOf(i).color);
          if (l.lo !== undefined) {
            ctx.globalAlpha = .22;
            ctx.fillRect(x(l.lo), y - 9 * ratio, Math.max(x(l.hi) - x(l.lo), ratio), 18 * ratio);
          }
          ctx.globalAlpha = .75;
          u.data[i + 1].forEach((v, k) => {
            if (v === null) return;
            path(u, lookOf(i).shape, x(u.data[0][k]), u.valToPos(v, 'y', true), 3.4 * ratio);
            ctx.fill();
          });
          ctx.globalAlpha = 1;
          ctx.fillRect(x(l.m) - ratio, y - 12 * ratio, 2 * ratio, 24 * ratio);
        });
        if (near) vertical(u, ctx, ratio, s.limit, 'limit', 'fail');
      })]},
    }, [at, ...shown], k => `${names[points[k].i]}: ${format(s.unit, points[k].v)}`);
  }

  // lines are curves over x.
  function lines(panel, summary, height, o) {
    panel.append(legend(o.series.map(s => s.name), false));
    const values = o.series.map(s => o.log ? s.v.map(v => v > 0 ? v : null) : s.v);
    return draw(panel, summary, height, {
      scales: {x: Object.assign({time: false}, o.x), y: o.log ? logarithmic : {range: (u, low, high) => low === null ? [0, 1] : [Math.min(low, 0), high > 0 ? high * 1.06 : 1]}},
      series: [{}, ...o.series.map((s, i) => ({
        label: s.name, stroke: () => color(lookOf(i).color), width: 1.6, dash: lookOf(i).dash, spanGaps: true,
        points: {show: o.x0.length < 40, size: 4, fill: () => color(lookOf(i).color)},
      }))],
      axes: [o.xAxis, yAxis(o.unit, o.log ? {splits: decades} : {})],
      cursor: o.cursor || {},
    }, [o.x0, ...values], k => `${o.place(k)}: ` + o.series.map((s, i) => `${s.name} ${format(o.unit, values[i][k])}`).join(', '));
  }

  function percentiles(panel, p) {
    const last = p.names.indexOf('longest');
    const find = name => p.names.indexOf(name);
    const summary = 'Time of single calls by percentile: ' + p.series.map(s => `${s.name} ` + ['50 %', '99 %', '99.9 %']
      .filter(q => find(q) >= 0).map(q => `${q} ${format('ns', s.v[find(q)])}`).join(', ') + `, longest ${format('ns', s.v[last])}`).join('; ');
    lines(panel, summary, 260, {
      unit: 'ns', log: true, series: p.series, x0: p.x, x: {distr: 3, range: (u, low, high) => [1, high * 1.1]},
      xAxis: axis('', {
        space: 1, splits: () => [1, 10, 100, 1e3, 1e4, 1e5, 1e6, 1e7].filter(v => v <= p.x[p.x.length - 1]),
        values: (u, splits) => splits.map(v => Number((100 * (1 - 1 / v)).toFixed(6)) + ' %'),
      }),
      place: k => p.names[k],
    });
  }

  let syncs = 0;
  function timelines(figure, all) {
    let plots = [];
    const show = l => {
      forget(plots);
      figure.querySelectorAll('.panel').forEach(p => p.remove());
      const key = 'load' + ++syncs;
      plots = l.panels.map(p => {
        const panel = element('div', {class: 'panel'}, element('p', {}, element('span', {class: 'name'}, p.name)));
        figure.append(panel);
        const most = s => { const v = s.v.filter(x => x !== null); return v.length ? format(p.unit, Math.max(...v)) : '-'; };
        return lines(panel, `${p.name} over ${l.at[l.at.length - 1].toFixed(1)} s, ${l.name}: ` + p.series.map(s => `${s.name} at most ${most(s)}`).join(', '), 130, {
          unit: p.unit, series: p.series, x0: l.at, x: {}, xAxis: axis('', {values: (u, splits) => splits.map(v => v + ' s')}),
          cursor: {sync: {key}}, place: k => l.at[k].toFixed(2) + ' s',
        });
      });
    };
    choose(figure, 'Repetition', all.map(l => l.name), i => show(all[i]));
  }

  // curve: latency over throughput, a point of each kind for each rate.
  function curve(figure, c) {
    const panel = element('div', {class: 'panel'}, legend(c.series.map(s => s.name), true));
    figure.append(panel);
    const hollow = new Set([...(c.late || []), ...(c.beyond || [])]);
    const values = c.series.map(s => s.v.map(v => v > 0 ? v : null));
    const last = c.x.length - 1;
    const least = Math.min(c.x[0], c.knee ?? c.x[0]), most = Math.max(c.x[last], c.knee ?? 0), pad = (most - least || most) * .05;
    const summary = `Latency over throughput, ${c.x.length} points from ${format('rec/s', c.x[0])} to ${format('rec/s', c.x[last])}` +
      (c.knee === undefined ? '' : `; the knee is at ${format('rec/s', c.knee)}`) + '; ' +
      c.series.map(s => `${s.name} from ${format('ns', s.v[0])} to ${format('ns', s.v[last])}`).join(', ');
    draw(panel, summary, 300, {
      scales: {x: {time: false, range: () => [Math.max(0, least - pad), most + pad]}, y: logarithmic},
      series: [{}, ...c.series.map(s => scatter(s.name, 'y'))],
      axes: [axis('rec/s', {space: 70}), yAxis('ns', {splits: decades})],
      hooks: {draw: [u => within(u, (ctx, ratio) => {
        values.forEach((column, i) => column.forEach((v, k) => {
          if (v === null) return;
          path(u, lookOf(i).shape, u.valToPos(c.x[k], 'x', true), u.valToPos(v, 'y', true), 4 * ratio);
          ctx.strokeStyle = ctx.fillStyle = color(lookOf(i).color);
          ctx.lineWidth = 1.4 * ratio;
          if (hollow.has(k)) ctx.stroke(); else ctx.fill();
        }));
        if (c.knee !== undefined) vertical(u, ctx, ratio, c.knee, 'knee', 'soft');
      })]},
    }, [c.x, ...values], k => `${format('rec/s', c.x[k])}: ` + c.series.map(s => `${s.name} ${format('ns', s.v[k])}`).join(', '));
    if (hollow.size) panel.append(element('p', {class: 'readout'}, 'Hollow: beyond the knee, or the pacer was late.'));
  }

  // history: the median of each run, with the least and the greatest repetition.
  function history(panel, h, shared) {
    const marked = new Set(h.marked || []), x = h.runs.map((_, k) => k), last = x.length - 1;
    // Runs of one day are told apart by their hour.
    const whole = k => shared.names[h.runs[k]], oneDay = whole(0).slice(0, 10) === whole(last).slice(0, 10);
    const day = k => oneDay ? whole(k).slice(11, 16) : whole(k).slice(5, 10);
    const summary = `${h.name} in ${h.runs.length} runs: ${format(h.unit, h.m[0])} in the first, ${format(h.unit, h.m[last])} in the last, from ${format(h.unit, Math.min(...h.m))} to ${format(h.unit, Math.max(...h.m))}`;
    return draw(panel, summary, 180, {
      scales: {x: {time: false, range: () => [-.7, last + .7]}, y: {range: () => {
        const low = Math.min(...h.lo), high = Math.max(...h.hi), pad = (high - low || Math.abs(high) || 1) * .08;
        return [low >= 0 ? Math.max(0, low - pad) : low - pad, high + pad];
      }}},
      series: [{}, {label: h.name, stroke: () => color('s1'), width: 1.2, points: {show: false}}],
      axes: [axis('', {space: 60, incrs: [1, 2, 5, 10, 20, 50, 100], values: (u, splits) => splits.map(k => Number.isInteger(k) && k >= 0 && k <= last ? day(k) : '')}), yAxis(h.unit)],
      hooks: {draw: [u => within(u, (ctx, ratio) => {
        x.forEach(k => {
          const at = u.valToPos(k, 'x', true), y = v => u.valToPos(v, 'y', true);
          ctx.strokeStyle = ctx.fillStyle = color(h.runs[k] === shared.current ? 's2' : 's1');
          ctx.lineWidth = ratio;
          ctx.globalAlpha = .5;
          ctx.beginPath();
          ctx.moveTo(at, y(h.lo[k]));
          ctx.lineTo(at, y(h.hi[k]));
          ctx.stroke();
          ctx.globalAlpha = 1;
          path(u, h.runs[k] === shared.current ? 'diamond' : 'circle', at, y(h.m[k]), (h.runs[k] === shared.current ? 5 : 3) * ratio);
          if (marked.has(k)) ctx.stroke(); else ctx.fill();
        });
      })]},
    }, [x, h.m], k => `${shared.names[h.runs[k]]}: ${format(h.unit, h.m[k])}, ${format(h.unit, h.lo[k])} to ${format(h.unit, h.hi[k])}` +
      (marked.has(k) ? ', another source or settings, or its times were in doubt' : '') + (h.runs[k] === shared.current ? ', this run' : ''));
  }

  // choose puts a select above a figure, where there is more than one to choose.
  function choose(figure, label, names, show) {
    const select = element('select', {});
    names.forEach((name, i) => select.append(element('option', {value: i}, name)));
    select.addEventListener('change', () => show(Number(select.value)));
    figure.append(element('figcaption', {}, names.length > 1 ? element('label', {}, label + ' ', select) : names[0]));
    show(0);
  }

  // chosen is a figure with one plot at a time.
  function chosen(figure, label, all, make, help) {
    let plots = [];
    const panel = element('div', {class: 'panel'});
    const note = element('p', {class: 'soft'});
    choose(figure, label, all.map(s => s.name), i => {
      forget(plots);
      figure.append(panel, note);
      plots = [make(panel, all[i])];
      note.textContent = help(all[i]);
    });
  }

  logperf.format = format;
  logperf.kinds = {
    strips: (figure, data, shared) => chosen(figure, 'Figure', data.strips, strip, s => [shared.help[s.name] || '', s.limit_text ? `Limit: ${s.limit_text}.` : ''].join(' ').trim()),
    percentiles: (figure, data) => {
      const panel = element('div', {class: 'panel'});
      figure.append(panel);
      percentiles(panel, data.percentiles);
    },
    timelines: (figure, data) => { figure.classList.add('plots'); timelines(figure, data.timelines); },
    curve: (figure, data) => curve(figure, data.curve),
    history: (figure, data, shared) => chosen(figure, 'Figure', data.history, (panel, h) => history(panel, h, shared), () => ''),
  };
})();
