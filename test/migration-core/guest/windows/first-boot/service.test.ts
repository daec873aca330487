import { describe, expect, test } from 'vitest';
import { runnerLines, runnerText } from '../../../../../migration-core/guest/windows/first-boot/runner.ts';
import { firstBoot } from '../../../../../migration-core/guest/windows/first-boot/service.ts';
import { openHive } from '../../../../../migration-core/registry/hive.ts';
import { fixWindows } from '../../../../support/fix-windows.ts';
import { windowsVolumes, type WindowsVersionId } from '../../../../support/windows-guest.ts';
import { hiveDifference } from '../hive-difference.ts';

const IMAGE =
  '%SystemRoot%\\System32\\cmd.exe /d /c start "" /b %SystemRoot%\\System32\\cmd.exe /d /c "%SystemRoot%\\Ironlift\\FirstBoot\\runner.cmd"';

describe('the service of the first start', () => {
  test.each([
    ['xp', '/WINDOWS', '/WINDOWS/system32/config/system', 2],
    ['2003', '/WINDOWS', '/WINDOWS/system32/config/system', 2],
    ['7', '/Windows', '/Windows/System32/config/SYSTEM', 2],
    ['2012r2', '/Windows', '/Windows/System32/config/SYSTEM', 2],
    ['2025', '/Windows', '/Windows/System32/config/SYSTEM', 1],
  ] as [WindowsVersionId, string, string, number][])('of Windows %s', async (version, root, path, sets) => {
    const step = `${root}/Ironlift/FirstBoot/10-drivers.cmd`;
    const volumes = await windowsVolumes({ version, files: { [step]: '@echo off\r\n' } });
    const fixed = await fixWindows(volumes, firstBoot);
    expect(fixed.after.get(`${root}/Ironlift/FirstBoot/runner.cmd`)).toBe(runnerText());
    const difference = hiveDifference(
      openHive(Buffer.from(fixed.before.get(path)!, 'latin1')),
      fixed.hive(path),
    );
    expect(difference).toEqual(
      Array.from({ length: sets }, (_, i) =>
        [
          'DisplayName: none -> "Ironlift: work of the first start"',
          'ErrorControl: none -> 0',
          `ImagePath: none -> expand "${IMAGE}"`,
          'ObjectName: none -> "LocalSystem"',
          'Start: none -> 2',
          'Type: none -> 16',
        ].map((line) => `ControlSet00${i + 1}\\Services\\IronliftFirstBoot ${line}`),
      ).flat(),
    );
    // Nothing else on any volume.
    const changed = [...fixed.after]
      .filter(([name, content]) => fixed.before.get(name) !== content)
      .map(([name]) => name);
    expect(changed.filter((name) => name.startsWith('/'))).toEqual(
      [`${root}/Ironlift/FirstBoot/runner.cmd`, path].sort(),
    );
    expect(fixed.findings.map(({ message }) => message)).toEqual([
      `Some work is left for the first start of the new machine; it is done a minute or more after Windows has started, and logged in ${root}/Ironlift/FirstBoot/log.txt. The event log may say that the service IronliftFirstBoot did not answer, and a virus scanner may report the command line of the service; both are of no matter.`,
    ]);
  });

  test('is not there when no step was left', async () => {
    const fixed = await fixWindows(await windowsVolumes({ version: '2019' }), firstBoot);
    expect([fixed.edits, fixed.findings]).toEqual([[], []]);
  });

  test('is put right where it is half there, and an old runner is replaced', async () => {
    const volumes = await windowsVolumes({
      version: '2022',
      files: {
        '/Windows/Ironlift/FirstBoot/80-settings.cmd': '@echo off\r\n',
        '/Windows/Ironlift/FirstBoot/runner.cmd': '@echo an older one\r\n',
      },
      system: { 'CCS\\Services\\IronliftFirstBoot': { Start: 4, Type: 16, Description: 'kept' } },
    });
    const fixed = await fixWindows(volumes, firstBoot);
    const path = '/Windows/System32/config/SYSTEM';
    const difference = hiveDifference(
      openHive(Buffer.from(fixed.before.get(path)!, 'latin1')),
      fixed.hive(path),
    );
    expect(difference.map((line) => line.replace(/^.*IronliftFirstBoot /, ''))).toEqual([
      'DisplayName: none -> "Ironlift: work of the first start"',
      'ErrorControl: none -> 0',
      `ImagePath: none -> expand "${IMAGE}"`,
      'ObjectName: none -> "LocalSystem"',
      'Start: 4 -> 2',
    ]);
    expect(fixed.after.get('/Windows/Ironlift/FirstBoot/runner.cmd')).toBe(runnerText());
  });
});

describe('the runner', () => {
  const lines = runnerLines();

  test('is what cmd.exe of XP takes: printable ASCII, short lines, labels that are there, once', () => {
    for (const line of lines) expect(line).toMatch(/^[ -~]{0,250}$/);
    const labels = lines.flatMap((line) => /^:([\w-]+)$/.exec(line)?.[1] ?? []);
    expect(new Set(labels).size).toBe(labels.length);
    const used = lines.flatMap((line) =>
      [...line.matchAll(/\b(?:goto|call) :?([\w-]+)/g)].map(([, label]) => label!),
    );
    expect(used.filter((label) => !labels.includes(label))).toEqual([]);
    expect(runnerText().endsWith('exit /b 0\r\n')).toBe(true);
    expect(runnerText().replaceAll('\r\n', '')).not.toMatch(/[\r\n]/);
  });

  test('calls nothing but programs that are in System32 since Windows XP, and never PowerShell', () => {
    const programs = new Set(
      lines.flatMap((line) => [...line.matchAll(/\b[\w]+\.exe\b/g)].map(([name]) => name)),
    );
    expect([...programs].sort()).toEqual(['cmd.exe', 'ping.exe', 'reg.exe', 'sc.exe', 'shutdown.exe']);
  });

  test('line by line', () => {
    expect(lines).toEqual(GOLDEN);
  });
});

const GOLDEN: string[] = [
  '@echo off',
  'setlocal EnableExtensions DisableDelayedExpansion',
  'set "PATH=%SystemRoot%\\System32;%SystemRoot%;%SystemRoot%\\System32\\Wbem"',
  'set "PATHEXT=.COM;.EXE;.BAT;.CMD"',
  'set ERRORLEVEL=',
  'cd /d "%~dp0"',
  'if not exist "runner.cmd" exit 1',
  '',
  'set RESTART=',
  'set START=',
  'for %%n in (1 2 3 4 5) do if not defined START if not exist start-%%n set START=%%n',
  'if not defined START call :log "Given up after 5 starts."',
  'if not defined START goto remove',
  '>start-%START% echo started',
  'if not exist start-%START% goto remove',
  'call :log "Work of the first start, start %START% of at most 5."',
  '',
  'set SAME=0',
  'set SEEN=',
  'for /l %%i in (1,1,18) do call :settle',
  '',
  'for /f "delims=" %%s in (\'dir /b /a-d /on ??-*.cmd 2^>nul\') do call :step "%%~ns"',
  'if exist ??-*.cmd if not "%START%"=="5" goto later',
  'for %%s in (??-*.cmd) do if exist "%%s" call :log "%%~ns: given up."',
  'call :log "Nothing is left to do."',
  '',
  ':remove',
  'sc.exe delete IronliftFirstBoot >nul 2>&1',
  'for /f "delims=" %%k in (\'reg.exe query HKLM\\SYSTEM 2^>nul\') do call :forget "%%k"',
  'for /f "delims=" %%f in (\'dir /b /a-d\') do if /i not "%%f"=="log.txt" if /i not "%%f"=="runner.cmd" del /f /q "%%f"',
  'for /d %%d in (*) do rd /s /q "%%d"',
  'if defined RESTART call :restart',
  'del /f /q "runner.cmd" & exit 0',
  '',
  ':later',
  'call :log "What is not finished is tried again at the next start."',
  'if defined RESTART call :restart',
  'exit 0',
  '',
  ':restart',
  'call :log "The server restarts."',
  'shutdown.exe -r -t 30 -c "The new hardware is set up. The server restarts once."',
  'exit /b 0',
  '',
  ':forget',
  'reg.exe delete "%~1\\Services\\IronliftFirstBoot" /f >nul 2>&1',
  'exit /b 0',
  '',
  ':settle',
  'if %SAME% geq 2 exit /b 0',
  'ping.exe -n 11 127.0.0.1 >nul 2>&1',
  'reg.exe query HKLM\\SYSTEM\\CurrentControlSet\\Control\\Class /s >devices.txt 2>nul',
  'set SIZE=',
  'for %%f in (devices.txt) do set SIZE=%%~zf',
  'if "%SIZE%"=="%SEEN%" set /a SAME+=1',
  'if not "%SIZE%"=="%SEEN%" set SAME=0',
  'set SEEN=%SIZE%',
  'exit /b 0',
  '',
  ':step',
  'set TRY=',
  'for %%n in (1 2 3) do if not defined TRY if not exist "%~1.try%%n" set TRY=%%n',
  'if not defined TRY goto given-up',
  '>"%~1.try%TRY%" echo started',
  'if not exist "%~1.try%TRY%" goto given-up',
  'call :log "%~1: try %TRY% of 3."',
  'cmd.exe /d /c "%~1.cmd" <nul >>"log.txt" 2>&1',
  'set CODE=%ERRORLEVEL%',
  'call :log "%~1: ended with %CODE%."',
  'if "%CODE%"=="75" if not "%TRY%"=="3" exit /b 0',
  'if "%CODE%"=="3010" set RESTART=1',
  'if not "%CODE%"=="75" goto step-done',
  ':given-up',
  'call :log "%~1: given up."',
  ':step-done',
  'del /f /q "%~1.cmd" "%~1.try*" >nul 2>&1',
  'exit /b 0',
  '',
  ':log',
  'for /f "delims=" %%t in ("%DATE% %TIME%") do >>"log.txt" echo %%t %~1',
  'exit /b 0',
];
