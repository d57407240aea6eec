// DESIGN: one page, no file to install and nothing fetched from elsewhere; it shows only what GET /models,
// /v2/models/{m}, /readyz and /openapi.json say. Texts from the server enter the page as text nodes, never as markup.
// The content policy says the same.
#include "server/http/routes.h"

static const char page_head[] =
    "<!doctype html>\n<html lang=en>\n<head>\n<meta charset=utf-8>\n"
    "<meta name=viewport content=\"width=device-width,initial-scale=1\">\n<title>Octet</title>\n<style>\n"
    ":root{color-scheme:light dark;--line:#8884;--dim:#8889;--ok:#1a7f4b;--bad:#b3372c}\n"
    "body{font:15px/1.5 system-ui,sans-serif;max-width:62rem;margin:2rem auto;padding:0 1rem}\n"
    "h1{font-size:1.5rem;margin:0}h2{font-size:1.05rem;margin:2rem 0 .5rem}\n"
    "table{border-collapse:collapse;width:100%}th,td{text-align:left;padding:.3rem .8rem .3rem 0;"
    "border-bottom:1px solid var(--line);vertical-align:top}th{font-weight:600}\n"
    "code,textarea,pre,select{font:13px/1.5 ui-monospace,monospace}\n"
    "textarea{width:100%;height:10rem;box-sizing:border-box}pre{white-space:pre-wrap;overflow-wrap:anywhere;"
    "border:1px solid var(--line);padding:.6rem;min-height:2rem;max-height:24rem;overflow:auto}\n"
    "button{font:inherit;padding:.25rem 1rem}.dim{color:var(--dim)}.ok{color:var(--ok)}.bad{color:var(--bad)}\n"
    "</style>\n</head>\n";

static const char page_body[] =
    "<body>\n<h1>Octet</h1>\n<p><span id=server class=dim></span> <span id=ready class=dim>...</span></p>\n"
    "<h2>Models</h2>\n<table><thead><tr><th>Model<th>Version<th>State<th>Inputs<th>Outputs</thead><tbody "
    "id=models></tbody>"
    "</table>\n<h2>Try it</h2>\n<p><label>Model <select id=model></select></label> <code class=dim>POST "
    "/infer</code></p>\n"
    "<textarea id=body spellcheck=false></textarea>\n<p><button id=send>Send</button> <span id=took "
    "class=dim></span></p>\n"
    "<pre id=answer></pre>\n<h2>Calls</h2>\n<table><tbody id=calls></tbody></table>\n"
    "<p class=dim>Metrics: <a href=/metrics>/metrics</a>. Description: <a href=/openapi.json>/openapi.json</a>.</p>\n";

static const char page_script[] =
    "<script>\n'use strict';\nconst $=id=>document.getElementById(id);\n"
    "const get=async path=>{const r=await fetch(path);return{status:r.status,json:await r.json()}};\n"
    "const row=(table,cells)=>{const tr=table.insertRow();for(const text of "
    "cells)tr.insertCell().textContent=text;return tr};\n"
    "const tensors=list=>(list||[]).map(t=>t.name+' '+t.datatype+' ['+t.shape.join(', ')+']').join('\\n');\n"
    "const "
    "zeros=shape=>shape.length?Array.from({length:Math.max(1,Math.min(shape[0],4096))},()=>zeros(shape.slice(1))):0;\n"
    "const signatures={};\n"
    "function example(){const name=$('model').value,s=signatures[name];if(!s)return;const inputs={};let count=1;\n"
    " for(const t of s.inputs){count*=t.shape.reduce((a,b)=>a*Math.max(1,b),1);}\n"
    " for(const t of s.inputs)inputs[t.name]=count>20000?[]:zeros(t.shape);\n"
    " $('body').value=JSON.stringify({model:name,inputs});}\n"
    "async function state(){try{const r=await get('/readyz');$('ready').textContent=r.json.ready?'ready':'not ready: "
    "'+(r.json.reason||'');\n"
    " $('ready').className=r.json.ready?'ok':'bad';}catch(e){$('ready').textContent='no "
    "answer';$('ready').className='bad';}}\n"
    "async function models(){const list=(await get('/models')).json.models||[],chosen=$('model').value;\n"
    " $('models').replaceChildren();$('model').replaceChildren();\n"
    " for(const m of list){const versions=m.versions||[m];\n"
    "  let s=null;try{const r=await "
    "get('/v2/models/'+encodeURIComponent(m.name));if(r.status===200)s=r.json;}catch(e){}\n"
    "  if(s){signatures[m.name]=s;$('model').add(new Option(m.name,m.name,false,m.name===chosen));}\n"
    "  for(const v of versions){const tr=row($('models'),[m.name,v.version??v,v.state?? "
    "(s?'ready':''),s?tensors(s.inputs):'',"
    "s?tensors(s.outputs):'']);tr.cells[3].style.whiteSpace=tr.cells[4].style.whiteSpace='pre-line';}}\n"
    " if(!list.length)row($('models'),['none: POST /models?name=NAME with a model file']);\n"
    " if(!$('body').value)example();}\n"
    "async function calls(){const d=(await get('/openapi.json')).json;$('server').textContent='version "
    "'+d.info.version;\n"
    " for(const path in d.paths)for(const verb in d.paths[path])"
    "row($('calls'),[verb.toUpperCase(),path,d.paths[path][verb].summary]);}\n"
    "$('model').onchange=example;\n"
    "$('send').onclick=async()=>{$('answer').textContent='...';const began=performance.now();\n"
    " try{const r=await "
    "fetch('/infer',{method:'POST',headers:{'content-type':'application/json'},body:$('body').value});\n"
    "  $('answer').textContent=await r.text();$('took').textContent=r.status+' in "
    "'+(performance.now()-began).toFixed(1)+' ms';}\n"
    " catch(e){$('answer').textContent=String(e);$('took').textContent='';}};\n"
    "state();models().catch(()=>{});calls().catch(()=>{});setInterval(state,5000);\n"
    "</script>\n</body>\n</html>\n";

void oct_handle_console(void *context, struct oct_http_request *request)
{
    (void)context;
    struct oct_http_reply reply = {
        .status = 200,
        .content_type = "text/html; charset=utf-8",
        .n_headers = 2,
        .headers = {{"Content-Security-Policy",
                     "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; "
                     "connect-src 'self'; base-uri 'none'; frame-ancestors 'none'"},
                    {"X-Content-Type-Options", "nosniff"}},
    };
    const size_t n_bytes = sizeof page_head + sizeof page_body + sizeof page_script;
    oct_buffer_init(&reply.body, NULL, n_bytes);
    if (oct_buffer_append(&reply.body, page_head, sizeof page_head - 1) != OCT_OK ||
        oct_buffer_append(&reply.body, page_body, sizeof page_body - 1) != OCT_OK ||
        oct_buffer_append(&reply.body, page_script, sizeof page_script - 1) != OCT_OK) {
        struct oct_error error = OCT_ERROR_INIT;
        (void)oct_error_set(&error, OCT_ERR_NOMEM, "console", OCT_POSITION_NONE, "no memory for the page");
        oct_buffer_deinit(&reply.body);
        oct_http_reply_error(request, &error);
        return;
    }
    oct_http_reply(request, &reply);
}
