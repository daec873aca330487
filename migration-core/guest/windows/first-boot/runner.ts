/**
 * The batch file that runs the steps of the first start, under cmd.exe of any Windows from XP on, as LocalSystem and in its own
 * folder.
 *
 * Nothing here can keep the server from starting: it runs beside everything else, a step that fails is logged and passed over, a
 * step that is not finished (it said so, or the server went down in it) gets three tries in all, each at another start, and after
 * five starts everything that is left is given up. Marker files count; they need only be there, so that a server that loses power
 * while one is written counts all the same. Where a marker cannot be written nothing is tried, as nothing would ever end.
 *
 * When there is nothing left to do, or all is given up, the service and all files but the log go.
 */

export interface RunnerOptions {
  /** Seconds between two looks at whether Windows still installs devices. */
  lookSeconds: number;
}

/** Name of the service; also of its key below Services. */
export const SERVICE = 'IronliftFirstBoot';
export const RUNNER = 'runner.cmd';
export const LOG = 'log.txt';
/** Exit codes of steps. */
export const AGAIN = 75;
export const RESTART = 3010;

/** Starts after which everything is given up, and tries of each step. */
export const STARTS = 5;
export const TRIES = 3;
/** Looks at the list of devices: as long as it grows, for three minutes at most, and until it has been the same twice. */
const LOOKS = 18;
const STEPS = '??-*.cmd';

const upTo = (count: number): string => Array.from({ length: count }, (_, i) => i + 1).join(' ');

export function runnerLines({ lookSeconds }: RunnerOptions = { lookSeconds: 10 }): string[] {
  return [
    '@echo off',
    'setlocal EnableExtensions DisableDelayedExpansion',
    'set "PATH=%SystemRoot%\\System32;%SystemRoot%;%SystemRoot%\\System32\\Wbem"',
    'set "PATHEXT=.COM;.EXE;.BAT;.CMD"',
    // A variable of this name would hide the exit codes.
    'set ERRORLEVEL=',
    'cd /d "%~dp0"',
    `if not exist "${RUNNER}" exit 1`,
    '',
    'set RESTART=',
    'set START=',
    `for %%n in (${upTo(STARTS)}) do if not defined START if not exist start-%%n set START=%%n`,
    `if not defined START call :log "Given up after ${STARTS} starts."`,
    'if not defined START goto remove',
    '>start-%START% echo started',
    'if not exist start-%START% goto remove',
    `call :log "Work of the first start, start %START% of at most ${STARTS}."`,
    '',
    // Windows installs the new devices while this runs; each gets a key below Class.
    'set SAME=0',
    'set SEEN=',
    `for /l %%i in (1,1,${LOOKS}) do call :settle`,
    '',
    `for /f "delims=" %%s in ('dir /b /a-d /on ${STEPS} 2^>nul') do call :step "%%~ns"`,
    `if exist ${STEPS} if not "%START%"=="${STARTS}" goto later`,
    `for %%s in (${STEPS}) do if exist "%%s" call :log "%%~ns: given up."`,
    'call :log "Nothing is left to do."',
    '',
    // LocalSystem may; where the service manager is not ready, the key is taken away under it.
    ':remove',
    `sc.exe delete ${SERVICE} >nul 2>&1`,
    'for /f "delims=" %%k in (\'reg.exe query HKLM\\SYSTEM 2^>nul\') do call :forget "%%k"',
    `for /f "delims=" %%f in ('dir /b /a-d') do if /i not "%%f"=="${LOG}" if /i not "%%f"=="${RUNNER}" del /f /q "%%f"`,
    'for /d %%d in (*) do rd /s /q "%%d"',
    'if defined RESTART call :restart',
    `del /f /q "${RUNNER}" & exit 0`,
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
    `reg.exe delete "%~1\\Services\\${SERVICE}" /f >nul 2>&1`,
    'exit /b 0',
    '',
    ':settle',
    'if %SAME% geq 2 exit /b 0',
    `ping.exe -n ${lookSeconds + 1} 127.0.0.1 >nul 2>&1`,
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
    `for %%n in (${upTo(TRIES)}) do if not defined TRY if not exist "%~1.try%%n" set TRY=%%n`,
    'if not defined TRY goto given-up',
    '>"%~1.try%TRY%" echo started',
    'if not exist "%~1.try%TRY%" goto given-up',
    `call :log "%~1: try %TRY% of ${TRIES}."`,
    `cmd.exe /d /c "%~1.cmd" <nul >>"${LOG}" 2>&1`,
    'set CODE=%ERRORLEVEL%',
    'call :log "%~1: ended with %CODE%."',
    `if "%CODE%"=="${AGAIN}" if not "%TRY%"=="${TRIES}" exit /b 0`,
    `if "%CODE%"=="${RESTART}" set RESTART=1`,
    `if not "%CODE%"=="${AGAIN}" goto step-done`,
    ':given-up',
    'call :log "%~1: given up."',
    ':step-done',
    'del /f /q "%~1.cmd" "%~1.try*" >nul 2>&1',
    'exit /b 0',
    '',
    // The date is as Windows writes it in its language; it is data here, whatever it holds.
    ':log',
    `for /f "delims=" %%t in ("%DATE% %TIME%") do >>"${LOG}" echo %%t %~1`,
    'exit /b 0',
  ];
}

export const runnerText = (options?: RunnerOptions): string => `${runnerLines(options).join('\r\n')}\r\n`;
