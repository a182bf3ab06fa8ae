(function () {
'use strict';
var NS = 'http://www.w3.org/2000/svg', CSS = __CSS__, TOP = 44;
if (!document.getElementById('fnd-css')) {
  var style = document.createElement('style');
  style.id = 'fnd-css';
  style.textContent = CSS;
  document.head.appendChild(style);
}
function make(tag, props) { return Object.assign(document.createElement(tag), props); }
function upgrade(fig) {
  var img = fig.querySelector('img');
  if (fig.fndReady || !img || fig.dataset.fnd === '0') return;
  fig.fndReady = true;
  var bytes = Uint8Array.from(atob(img.src.split(',')[1]), function (c) { return c.charCodeAt(0); });
  var doc = new DOMParser().parseFromString(new TextDecoder().decode(bytes), 'image/svg+xml');
  var svg = document.importNode(doc.documentElement, true);
  var steps = JSON.parse(svg.dataset.steps), count = steps.length, at = count, timer = 0, chosen = null;
  var width = svg.viewBox.baseVal.width, bottom = +svg.dataset.bottom;
  var parts = [].slice.call(svg.querySelectorAll('.it'));
  svg.style.minWidth = Math.round(width * 0.82) + 'px';
  svg.style.maxWidth = Math.round(width * 1.15) + 'px';
  function rect(name) {
    var r = document.createElementNS(NS, 'rect');
    r.setAttribute('class', name);
    r.setAttribute('width', width);
    return r;
  }
  function frame(picture, top, height) {
    picture.setAttribute('viewBox', [0, top, width, height].join(' '));
    picture.setAttribute('height', height);
  }
  var band = rect('fnd-now'), curtain = rect('fnd-later');
  svg.insertBefore(band, svg.querySelector('.paper').nextSibling);
  curtain.setAttribute('height', bottom);
  var clip = document.createElementNS(NS, 'svg');
  clip.setAttribute('height', bottom + 1);
  clip.setAttribute('width', width);
  clip.appendChild(curtain);
  svg.appendChild(clip);
  var box = make('div', {className: 'fnd-box', tabIndex: 0});
  box.setAttribute('role', 'group');
  box.setAttribute('aria-label', 'Space-time diagram: arrow keys step, space plays, enter shows what came before');
  // the lanes' names become a picture of their own, so that they can stay in view while the run scrolls
  var head = svg.cloneNode(false), calm = matchMedia('(prefers-reduced-motion:reduce)').matches;
  svg.querySelectorAll('.top').forEach(function (g) { head.appendChild(g); });
  frame(head, 0, TOP);
  head.classList.add('fnd-head');
  head.setAttribute('aria-hidden', true);
  frame(svg, TOP, svg.viewBox.baseVal.height - TOP);
  box.append(head, svg);
  var bar = make('div', {className: 'fnd-bar'});
  bar.setAttribute('role', 'group');
  bar.setAttribute('aria-label', 'Player');
  var say = make('p', {className: 'fnd-say'});
  say.setAttribute('aria-live', 'polite');
  function button(label, path, words, act) {
    var b = make('button', {type: 'button', title: label, onclick: act});
    b.setAttribute('aria-label', label);
    b.innerHTML = '<svg viewBox="-8 -8 16 16" width="16" height="16" aria-hidden="true"><path d="' + path + '"/></svg>';
    if (words) b.appendChild(make('span', {textContent: words}));
    bar.appendChild(b);
    return b;
  }
  function tell(text, step) {
    say.textContent = '';
    if (step >= 0) say.appendChild(make('b', {textContent: 'Step ' + (step + 1) + ' of ' + count + '. '}));
    say.appendChild(document.createTextNode(text));
  }
  function draw() {
    var all = at >= count, step = steps[at];
    fig.classList.toggle('fnd-live', !all);
    curtain.style.transform = 'translateY(' + (all ? bottom : step[1]) + 'px)';
    band.style.opacity = all ? 0 : 1;
    if (!all) {
      band.setAttribute('y', step[0]);
      band.setAttribute('height', step[1] - step[0]);
    }
    range.value = at;
    range.setAttribute('aria-valuetext', all ? 'Whole run' : step[3]);
    explain();
  }
  function explain() {
    if (chosen !== null) tell('Bright: everything that can have influenced this. ' + steps[chosen][3], -1);
    else if (at >= count) tell('The whole run. Step through it, or click an event to see what came before it.', -1);
    else tell(steps[at][3], at);
  }
  function choose(index) {
    chosen = index === chosen ? null : index;
    var past = chosen === null ? null : parts[chosen].dataset.past.split(' ');
    parts.forEach(function (g) { g.classList.toggle('fnd-dim', !!past && past.indexOf(g.dataset.part) < 0); });
    explain();
  }
  function go(to) {
    if (chosen !== null) choose(chosen);
    at = Math.max(0, Math.min(count, to));
    draw();
    if (at >= count) return;
    var scale = svg.clientWidth / width, label = parts[at].querySelector('text.label,text.answer,text.side');
    box.scrollTo({
      left: label ? label.getAttribute('x') * scale - 50 : 0,
      top: steps[at][1] * scale - box.clientHeight * 0.6,
      behavior: calm ? 'auto' : 'smooth'
    });
  }
  function face(playing) {
    play.setAttribute('aria-label', playing ? 'Pause' : 'Play');
    play.lastChild.textContent = play.title = playing ? 'Pause' : 'Play';
    play.querySelector('path').setAttribute('d', playing ? 'M-4-6V6M4-6V6' : 'M-4-6L6 0L-4 6Z');
  }
  function stop() { clearTimeout(timer); timer = 0; face(false); }
  function by(d) { return function () { stop(); go(at >= count && d > 0 ? 0 : at + d); }; }
  function to(i) { return function () { stop(); go(i); }; }
  function toggle() {
    if (timer) return stop();
    face(true);
    go(at >= count ? 0 : at);
    timer = setTimeout(function next() {
      go(at + 1);
      if (at >= count) stop(); else timer = setTimeout(next, pace());
    }, pace());
  }
  function pace() { return 900 + steps[Math.min(at, count - 1)][3].length * 14; }
  button('To the start', 'M-5-6V6M5-6L-3 0L5 6Z', '', to(0));
  button('Step back', 'M4-6L-4 0L4 6Z', '', by(-1));
  var play = button('Play', 'M-4-6L6 0L-4 6Z', 'Play', toggle);
  button('Step forward', 'M-4-6L4 0L-4 6Z', '', by(1));
  button('Whole run', 'M-5-6H5M-5-2H5M-5 2H5M-5 6H5', 'Whole run', to(count));
  var range = make('input', {type: 'range', min: 0, max: count, step: 1});
  range.setAttribute('aria-label', 'Step');
  range.oninput = function () { stop(); go(+range.value); };
  bar.appendChild(range);
  var keys = {ArrowRight: by(1), ArrowDown: by(1), ArrowLeft: by(-1), ArrowUp: by(-1), ' ': toggle, Home: to(0), End: to(count),
    Enter: function () { choose(Math.min(at, count - 1)); }, Escape: function () { if (chosen !== null) choose(chosen); }};
  box.addEventListener('keydown', function (e) {
    if (!keys[e.key] || e.ctrlKey || e.metaKey || e.altKey) return;
    keys[e.key]();
    e.preventDefault();
    e.stopPropagation();
  });
  parts.forEach(function (g, index) {
    g.addEventListener('mouseenter', function () { if (!timer && chosen !== index) tell(steps[index][3], -1); });
    g.addEventListener('mouseleave', function () { if (!timer) explain(); });
    g.addEventListener('click', function () { stop(); choose(index); });
  });
  addEventListener('beforeprint', function () { stop(); if (chosen !== null) choose(chosen); go(count); });
  img.parentNode.replaceWith(box);
  var ui = make('div', {className: 'fnd-ui'});
  ui.append(bar, say);
  box.before(ui);
  fig.classList.add('fnd-on');
  draw();
}
document.querySelectorAll('figure[data-fnd]').forEach(upgrade);
})();
