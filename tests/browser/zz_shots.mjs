import {launch} from './chromium.js';
const base='http://127.0.0.1:9400/operator/';
const out=process.argv[2]??'/tmp/shots'; 
const b=await launch();
for (const [name,opt] of Object.entries({light:{viewport:{width:1440,height:900},colorScheme:'light'},dark:{viewport:{width:1440,height:900},colorScheme:'dark'},phone:{viewport:{width:390,height:844},deviceScaleFactor:1.5,isMobile:true,hasTouch:true}})) {
  const c=await b.newContext({...opt,locale:'en-GB'}); const p=await c.newPage();
  p.on('pageerror',e=>console.log('ERR',e.message)); p.on('console',m=>m.type()==='error'&&console.log('CON',m.text()));
  await p.goto(base); await p.waitForTimeout(600); await p.screenshot({path:`${out}/${name}-0door.png`});
  await p.getByLabel('Name or e-mail').fill('operator'); await p.getByLabel('Password').fill('playdate-local-demo'); await p.getByRole('button',{name:'Sign in',exact:true}).click();
  await p.locator('.figures .figure-value').first().waitFor(); await p.waitForTimeout(4500); await p.screenshot({path:`${out}/${name}-1overview.png`});
  await p.goto(base+'#tasks'); await p.locator('table.tasks').waitFor(); await p.waitForTimeout(300); await p.screenshot({path:`${out}/${name}-2tasks.png`});
  await p.locator('[data-row]').nth(1).click(); await p.locator('.timeline').waitFor(); await p.waitForTimeout(300); await p.screenshot({path:`${out}/${name}-3story.png`,fullPage:name==='phone'});
  await p.goto(base+'#dead-letters'); await p.locator('.group').first().waitFor(); await p.screenshot({path:`${out}/${name}-4dead.png`});
  await p.locator('.group-toggle').nth(1).click(); await p.locator('.letters').waitFor(); await p.waitForTimeout(300); await p.screenshot({path:`${out}/${name}-5group.png`});
  await p.locator('.group-deeds button').first().click(); await p.locator('.preview strong').waitFor(); await p.screenshot({path:`${out}/${name}-6redrive.png`}); await p.keyboard.press('Escape');
  await p.locator('.group-deeds button').nth(1).click(); await p.locator('.preview strong').waitFor(); await p.screenshot({path:`${out}/${name}-7discard.png`}); await p.keyboard.press('Escape');
  await p.goto(base+'#flags'); await p.locator('.flags li').first().waitFor(); await p.screenshot({path:`${out}/${name}-8flags.png`});
  await p.goto(base+'#audit'); await p.waitForTimeout(900); await p.screenshot({path:`${out}/${name}-9audit.png`});
  await c.close();
}
await b.close();
