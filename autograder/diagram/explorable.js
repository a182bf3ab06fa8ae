(function () {
'use strict';
var FEW = 5;
if (!document.getElementById('fnx-css')) {
  var style = document.createElement('style');
  style.id = 'fnx-css';
  style.textContent = '.fnx-bar{display:flex;flex-wrap:wrap;gap:8px 24px;margin:0 0 8px}' +
    '.fnx-bar fieldset{border:1px solid currentColor;border-radius:8px;margin:0;padding:2px 12px 6px;min-width:0}' +
    '.fnx-bar legend{font-weight:600;font-size:1em;padding:0 6px;width:auto;float:none;margin:0}' +
    '.fnx-bar label{display:inline-flex;align-items:center;gap:6px;min-height:32px;margin:0 12px 0 0;cursor:pointer}' +
    '.fnx-bar input[type=range]{width:min(260px,60vw);min-height:32px}' +
    '.fnx-bar input{accent-color:#0072b2}' +
    '.fnx-bar :focus-visible{outline:3px solid #0072b2;outline-offset:2px}' +
    '.fnx-say{min-height:3em;margin:6px 0}' +
    '.bd-content figure.fnx img{filter:none!important}' +
    '@media print{.fnx-bar{display:none}}';
  document.head.appendChild(style);
}
function make(tag, props) { return Object.assign(document.createElement(tag), props); }
function upgrade(fig) {
  var img = fig.querySelector('img');
  if (fig.fnxReady || !img) return;
  fig.fnxReady = true;
  var data = JSON.parse(fig.dataset.fnx), at = data.start.slice();
  var say = make('p', {className: 'fnx-say'}), bar = make('div', {className: 'fnx-bar'});
  var id = 'fnx-' + document.querySelectorAll('.fnx-bar').length;
  say.setAttribute('aria-live', 'polite');
  function draw() {
    var frame = data.frames[at.join('\n')];
    var chosen = data.choices.map(function (choice, index) { return choice[0] + ' ' + at[index]; }).join(', ');
    img.src = 'data:image/svg+xml,' + encodeURIComponent(frame[0]);
    img.alt = data.title.replace(/\.$/, '') + '. With ' + chosen + ': ' + frame[1];
    say.textContent = frame[1];
  }
  function radios(box, index, values) {
    values.forEach(function (value) {
      var one = make('input', {type: 'radio', name: id + '-' + index, value: value, checked: value === at[index]});
      one.onchange = function () { at[index] = value; draw(); };
      var label = make('label', {});
      label.append(one, value);
      box.appendChild(label);
    });
  }
  function slider(box, index, name, values) {
    var range = make('input', {type: 'range', min: 0, max: values.length - 1, step: 1, value: values.indexOf(at[index])});
    var shown = make('output', {textContent: at[index]}), label = make('label', {});
    range.setAttribute('aria-label', name);
    range.setAttribute('aria-valuetext', at[index]);
    range.oninput = function () {
      at[index] = shown.textContent = values[+range.value];
      range.setAttribute('aria-valuetext', at[index]);
      draw();
    };
    label.append(range, shown);
    box.appendChild(label);
  }
  data.choices.forEach(function (choice, index) {
    var box = make('fieldset', {});
    box.appendChild(make('legend', {textContent: choice[0]}));
    if (choice[1].length <= FEW) radios(box, index, choice[1]); else slider(box, index, choice[0], choice[1]);
    bar.appendChild(box);
  });
  img.before(bar);
  img.after(say);
  fig.classList.add('fnx-on');
  draw();
}
document.querySelectorAll('figure[data-fnx]').forEach(upgrade);
})();
