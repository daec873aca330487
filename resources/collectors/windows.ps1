<#
.SYNOPSIS
Ironlift collector for Windows: writes what this server is, and how busy it is, into one folder or .zip file.

.DESCRIPTION
Reads WMI/CIM classes, a few registry keys of drivers, devices and programs, and the list of connections of netstat.
Changes nothing on the server, installs nothing, uses no network, reads no passwords, no SAM and no SECURITY hive.
Writes only below -OutputPath. Run it as administrator: without, BitLocker, multipath and Fibre Channel stay unknown.

Runs in Windows PowerShell 3.0 to 5.1. In 2.0 (Windows Server 2008 and 2008 R2 as installed) it runs too, through
the older WMI commands; there a query that hangs is not ended after two minutes, and the result stays a folder where
.NET 4.5 is missing. Classes that a Windows does not have yet (storage and teams before Windows Server 2012) are skipped.

.PARAMETER OutputPath
Folder that the result is put into. Default: the folder of this script, which may be a USB stick.
.PARAMETER Interval
Seconds between two measurements, 1 to 3600.
.PARAMETER Duration
Seconds to measure for, 0 for none. The measurements so far survive when it is stopped earlier.
.PARAMETER Emit
'base64' prints the result instead of leaving it there; Ironlift uses it to run this script from afar.
.PARAMETER SkipPerformance
Measures nothing.
.PARAMETER IncludeTasks
Also lists the names of scheduled tasks.
.PARAMETER ListOnly
Only prints what would be read.

.EXAMPLE
powershell.exe -NoProfile -ExecutionPolicy Bypass -File windows.ps1 -Duration 86400
#>
param(
    [Parameter(Position = 0)][string]$OutputPath = '',
    [Parameter(Position = 1)][ValidateRange(1, 3600)][int]$Interval = 60,
    [Parameter(Position = 2)][ValidateRange(0, 31536000)][int]$Duration = 600,
    [Parameter(Position = 3)][ValidateSet('', 'base64')][string]$Emit = '',
    [switch]$SkipPerformance,
    [switch]$IncludeTasks,
    [switch]$ListOnly
)

Set-StrictMode -Version 2
$ErrorActionPreference = 'Stop'
$invariant = [System.Globalization.CultureInfo]::InvariantCulture
$utf8 = New-Object System.Text.UTF8Encoding($false)
# PowerShell 3 brought the CIM commands; 2.0 and 3.0 to 5.1 have the WMI ones.
$hasCim = $null -ne (Get-Command -Name 'Get-CimInstance' -ErrorAction SilentlyContinue)

# ---------------------------------------------------------------------------------------------- what is read

$storage = 'root\Microsoft\Windows\Storage'
$network = 'root\StandardCimv2'

# Name of the part, namespace, class, condition, properties. Order is the order of collecting: quick ones first.
$classParts = @(
    @('Win32_ComputerSystem', 'root\cimv2', 'Win32_ComputerSystem', '', 'Name,DNSHostName,Domain,PartOfDomain,Manufacturer,Model,TotalPhysicalMemory,HypervisorPresent,Roles'),
    @('Win32_ComputerSystemProduct', 'root\cimv2', 'Win32_ComputerSystemProduct', '', 'Vendor,Name,UUID,IdentifyingNumber,Version'),
    @('Win32_OperatingSystem', 'root\cimv2', 'Win32_OperatingSystem', '', 'Caption,CSDVersion,Version,BuildNumber,OSArchitecture,InstallDate,LastBootUpTime,SystemDrive,CSName,TotalVisibleMemorySize'),
    @('Win32_TimeZone', 'root\cimv2', 'Win32_TimeZone', '', 'StandardName,Caption,Bias'),
    @('Win32_BIOS', 'root\cimv2', 'Win32_BIOS', '', 'Manufacturer,Name,Version,SMBIOSBIOSVersion,ReleaseDate,SerialNumber'),
    @('Win32_BaseBoard', 'root\cimv2', 'Win32_BaseBoard', '', 'Manufacturer,Product,SerialNumber'),
    @('Win32_SystemEnclosure', 'root\cimv2', 'Win32_SystemEnclosure', '', 'ChassisTypes,Manufacturer,SerialNumber'),
    @('Win32_Processor', 'root\cimv2', 'Win32_Processor', '', 'DeviceID,Name,Manufacturer,SocketDesignation,MaxClockSpeed,NumberOfCores,NumberOfLogicalProcessors,Architecture,VirtualizationFirmwareEnabled,SecondLevelAddressTranslationExtensions'),
    @('Win32_PhysicalMemory', 'root\cimv2', 'Win32_PhysicalMemory', '', 'Capacity,DeviceLocator,BankLabel,Manufacturer,PartNumber,SerialNumber,Speed,MemoryType,SMBIOSMemoryType'),
    @('Win32_DiskDrive', 'root\cimv2', 'Win32_DiskDrive', '', 'DeviceID,Index,Model,Caption,SerialNumber,Size,BytesPerSector,InterfaceType,MediaType,PNPDeviceID'),
    @('Win32_DiskPartition', 'root\cimv2', 'Win32_DiskPartition', '', 'DeviceID,DiskIndex,Index,Type,BootPartition,Size,StartingOffset'),
    @('Win32_LogicalDisk', 'root\cimv2', 'Win32_LogicalDisk', 'DriveType=3', 'DeviceID,DriveType,FileSystem,Size,FreeSpace,VolumeName,VolumeSerialNumber'),
    @('Win32_Volume', 'root\cimv2', 'Win32_Volume', 'DriveType=3', 'DeviceID,DriveLetter,Name,DriveType,FileSystem,Label,Capacity,FreeSpace,SerialNumber,BootVolume,SystemVolume'),
    @('MSFT_Disk', $storage, 'MSFT_Disk', '', 'Number,FriendlyName,SerialNumber,UniqueId,UniqueIdFormat,Size,LogicalSectorSize,BusType,PartitionStyle,IsBoot,IsSystem,IsOffline'),
    @('MSFT_Partition', $storage, 'MSFT_Partition', '', 'DiskNumber,PartitionNumber,AccessPaths,GptType,MbrType,Size,IsBoot,IsSystem'),
    @('MSFT_PhysicalDisk', $storage, 'MSFT_PhysicalDisk', '', 'DeviceId,FriendlyName,Model,SerialNumber,UniqueId,UniqueIdFormat,MediaType,BusType,SpindleSpeed,LogicalSectorSize,Size'),
    @('MSiSCSIInitiator_SessionClass', 'root\wmi', 'MSiSCSIInitiator_SessionClass', '', 'InitiatorName,TargetName'),
    @('Win32_NetworkAdapter', 'root\cimv2', 'Win32_NetworkAdapter', '', 'Index,DeviceID,Name,NetConnectionID,MACAddress,PNPDeviceID,ServiceName,Speed,NetConnectionStatus,GUID'),
    @('Win32_NetworkAdapterConfiguration', 'root\cimv2', 'Win32_NetworkAdapterConfiguration', '', 'Index,SettingID,Description,ServiceName,MACAddress,IPEnabled,IPAddress,IPSubnet,DefaultIPGateway,DHCPEnabled,DNSHostName,MTU'),
    @('MSFT_NetAdapter', $network, 'MSFT_NetAdapter', '', 'Name,InterfaceDescription,InterfaceGuid,PermanentAddress,PnPDeviceID,DriverName,Speed,Virtual,HardwareInterface,InterfaceOperationalStatus,MtuSize,VlanID'),
    @('MSFT_NetLbfoTeam', $network, 'MSFT_NetLbfoTeam', '', 'Name,TeamingMode,LoadBalancingAlgorithm'),
    @('MSFT_NetLbfoTeamMember', $network, 'MSFT_NetLbfoTeamMember', '', 'Name,Team'),
    @('MSFT_NetLbfoTeamNic', $network, 'MSFT_NetLbfoTeamNic', '', 'Name,Team,VlanID,Primary'),
    @('Win32_SystemDriver', 'root\cimv2', 'Win32_SystemDriver', '', 'Name,PathName,StartMode,State,Started'),
    @('Win32_Service', 'root\cimv2', 'Win32_Service', '', 'Name,DisplayName,StartMode,State,Started'),
    @('Win32_Process', 'root\cimv2', 'Win32_Process', '', 'ProcessId,Name'),
    @('Win32_ServerFeature', 'root\cimv2', 'Win32_ServerFeature', '', 'ID,ParentID,Name'),
    @('Win32_OptionalFeature', 'root\cimv2', 'Win32_OptionalFeature', '', 'Name,InstallState'),
    @('Win32_QuickFixEngineering', 'root\cimv2', 'Win32_QuickFixEngineering', '', 'HotFixID,Description,ServicePackInEffect'),
    @('Win32_PnPEntity', 'root\cimv2', 'Win32_PnPEntity', '', 'DeviceID,PNPDeviceID,Name,Manufacturer,Service,ClassGuid,PNPClass,HardwareID,CompatibleID,ConfigManagerErrorCode'),
    @('Win32_PnPSignedDriver', 'root\cimv2', 'Win32_PnPSignedDriver', '', 'DeviceID,DriverVersion,DriverProviderName,Manufacturer,InfName,DeviceClass')
)
if ($IncludeTasks) {
    $classParts += , @('MSFT_ScheduledTask', 'root\Microsoft\Windows\TaskScheduler', 'MSFT_ScheduledTask', '', 'TaskName,TaskPath,State')
}

# Name of the part, what is read in words, and the function that gives its records.
$otherParts = @(
    @('Firmware', 'registry: Control\PEFirmwareType, Control\SecureBoot\State', 'Read-Firmware'),
    @('CentralProcessor', 'registry: HARDWARE\DESCRIPTION\System\CentralProcessor', 'Read-CentralProcessors'),
    @('Win32_LogicalDiskToPartition', 'root\cimv2: Win32_LogicalDiskToPartition (drive letters of partitions)', 'Read-DriveLetters'),
    @('Win32_EncryptableVolume', 'root\cimv2\Security\MicrosoftVolumeEncryption: state of BitLocker', 'Read-BitLocker'),
    @('FibreChannelPort', 'root\wmi: MSFC_FCAdapterHBAAttributes, MSFC_FibrePortHBAAttributes', 'Read-FibreChannelPorts'),
    @('MultipathDisk', 'root\wmi: MPIO_DISK_INFO', 'Read-MultipathDisks'),
    @('AdapterVlan', 'root\StandardCimv2: MSFT_NetAdapterAdvancedPropertySettingData, keyword VlanID', 'Read-AdapterVlans'),
    @('DriverService', 'registry: Services (name, start, group and file of drivers)', 'Read-DriverServices'),
    @('PciLocation', 'registry: Enum\PCI (places of devices)', 'Read-PciLocations'),
    @('Uninstall', 'registry: Uninstall (names and versions of programs)', 'Read-Programs'),
    @('Endpoint', 'netstat.exe -ano (listening ports and connections)', 'Read-Endpoints')
)

# ---------------------------------------------------------------------------------------------- asking WMI

function Get-Instances([string]$Namespace, [string]$Class, [string]$Condition) {
    $more = @{}
    if ($Condition -ne '') { $more['Filter'] = $Condition }
    if ($hasCim) { return @(Get-CimInstance -Namespace $Namespace -ClassName $Class -OperationTimeoutSec 120 @more) }
    return @(Get-WmiObject -Namespace $Namespace -Class $Class @more)
}

# Embedded objects and records of either kind: the value of a property, or $null where it has none of that name.
function Get-Value($Object, [string]$Name) {
    if ($null -eq $Object) { return $null }
    $property = $Object.PSObject.Properties[$Name]
    if ($null -eq $property) { return $null }
    return , $property.Value
}

function New-Record([string[]]$Names, [object[]]$Values) {
    return New-Object PSObject -Property @{ Names = $Names; Values = $Values }
}

function Read-ClassPart($Part) {
    $names = $Part[4].Split(',')
    foreach ($instance in @(Get-Instances $Part[1] $Part[2] $Part[3])) {
        $values = New-Object 'object[]' $names.Length
        for ($i = 0; $i -lt $names.Length; $i++) { $values[$i] = Get-Value $instance $names[$i] }
        New-Record $names $values
    }
}

# ---------------------------------------------------------------------------------------------- the other parts

function Open-Key([string]$Path) {
    # Opened for reading; $null where there is no such key.
    return [Microsoft.Win32.Registry]::LocalMachine.OpenSubKey($Path)
}

function Read-Firmware {
    $type = $null
    $secure = $null
    $key = Open-Key 'SYSTEM\CurrentControlSet\Control'
    if ($null -ne $key) { $type = $key.GetValue('PEFirmwareType'); $key.Close() }
    $key = Open-Key 'SYSTEM\CurrentControlSet\Control\SecureBoot\State'
    if ($null -ne $key) { $secure = $key.GetValue('UEFISecureBootEnabled'); $key.Close() }
    New-Record @('FirmwareType', 'SecureBoot') @($type, $secure)
}

function Read-CentralProcessors {
    $root = Open-Key 'HARDWARE\DESCRIPTION\System\CentralProcessor'
    if ($null -eq $root) { return }
    foreach ($name in $root.GetSubKeyNames()) {
        $key = $root.OpenSubKey($name)
        New-Record @('ProcessorNameString', 'VendorIdentifier', 'Identifier', 'MHz') @(
            $key.GetValue('ProcessorNameString'), $key.GetValue('VendorIdentifier'), $key.GetValue('Identifier'), $key.GetValue('~MHz'))
        $key.Close()
    }
    $root.Close()
}

function Read-DriveLetters {
    foreach ($link in @(Get-Instances 'root\cimv2' 'Win32_LogicalDiskToPartition' '')) {
        # References are paths in WMI and objects with the key in CIM.
        $ends = @()
        foreach ($end in @($link.Antecedent, $link.Dependent)) {
            $id = Get-Value $end 'DeviceID'
            if ($null -eq $id) { $id = [string]$end }
            $ends += $id
        }
        New-Record @('Partition', 'LogicalDisk') $ends
    }
}

function Read-BitLocker {
    foreach ($volume in @(Get-Instances 'root\cimv2\Security\MicrosoftVolumeEncryption' 'Win32_EncryptableVolume' '')) {
        # A volume whose protection is suspended is still encrypted; before Windows 10 only this method says so.
        $conversion = Get-Value $volume 'ConversionStatus'
        if ($null -eq $conversion) {
            try {
                if ($hasCim) { $conversion = (Invoke-CimMethod -InputObject $volume -MethodName 'GetConversionStatus').ConversionStatus }
                else { $conversion = $volume.GetConversionStatus().ConversionStatus }
            } catch { $conversion = $null }
        }
        New-Record @('DeviceID', 'DriveLetter', 'ProtectionStatus', 'ConversionStatus') @(
            (Get-Value $volume 'DeviceID'), (Get-Value $volume 'DriveLetter'), (Get-Value $volume 'ProtectionStatus'), $conversion)
    }
}

function Format-Hex($Bytes) {
    if ($null -eq $Bytes) { return $null }
    return ([System.BitConverter]::ToString([byte[]]@($Bytes))).Replace('-', '').ToLowerInvariant()
}

function Read-FibreChannelPorts {
    $adapters = @{}
    foreach ($adapter in @(Get-Instances 'root\wmi' 'MSFC_FCAdapterHBAAttributes' '')) { $adapters[[string]$adapter.InstanceName] = $adapter }
    foreach ($port in @(Get-Instances 'root\wmi' 'MSFC_FibrePortHBAAttributes' '')) {
        $name = [string]$port.InstanceName
        $adapter = $null
        if ($adapters.ContainsKey($name)) { $adapter = $adapters[$name] }
        $attributes = Get-Value $port 'Attributes'
        New-Record @('InstanceName', 'Manufacturer', 'Model', 'DriverName', 'DriverVersion', 'FirmwareVersion', 'PortWWN', 'NodeWWN', 'PortSpeed') @(
            $name, (Get-Value $adapter 'Manufacturer'), (Get-Value $adapter 'Model'), (Get-Value $adapter 'DriverName'),
            (Get-Value $adapter 'DriverVersion'), (Get-Value $adapter 'FirmwareVersion'),
            (Format-Hex (Get-Value $attributes 'PortWWN')), (Format-Hex (Get-Value $attributes 'NodeWWN')), (Get-Value $attributes 'PortSpeed'))
    }
}

function Read-MultipathDisks {
    foreach ($info in @(Get-Instances 'root\wmi' 'MPIO_DISK_INFO' '')) {
        $drives = Get-Value $info 'DriveInfo'
        foreach ($drive in @($drives)) {
            if ($null -eq $drive) { continue }
            New-Record @('Name', 'NumberPaths', 'DsmName') @(
                (Get-Value $drive 'Name'), (Get-Value $drive 'NumberPaths'), (Get-Value $drive 'DsmName'))
        }
    }
}

function Read-AdapterVlans {
    foreach ($setting in @(Get-Instances $network 'MSFT_NetAdapterAdvancedPropertySettingData' "RegistryKeyword='VlanID'")) {
        $id = Get-Value $setting 'RegistryValue'
        if ($null -ne $id) { New-Record @('Name', 'VlanID') @((Get-Value $setting 'Name'), [string]@($id)[0]) }
    }
}

function Read-DriverServices {
    $root = Open-Key 'SYSTEM\CurrentControlSet\Services'
    foreach ($name in $root.GetSubKeyNames()) {
        $key = $null
        try { $key = $root.OpenSubKey($name) } catch { continue }
        if ($null -eq $key) { continue }
        $type = $key.GetValue('Type')
        # 1 and 2 are drivers; services may carry secrets in their command lines and are not read here.
        if ($type -is [int] -and ($type -band 3) -ne 0) {
            New-Record @('Name', 'Type', 'Start', 'Group', 'Tag', 'ImagePath') @(
                $name, $type, $key.GetValue('Start'), $key.GetValue('Group'), $key.GetValue('Tag'), $key.GetValue('ImagePath'))
        }
        $key.Close()
    }
    $root.Close()
}

function Read-PciLocations {
    $root = Open-Key 'SYSTEM\CurrentControlSet\Enum\PCI'
    if ($null -eq $root) { return }
    foreach ($model in $root.GetSubKeyNames()) {
        $models = $root.OpenSubKey($model)
        foreach ($place in $models.GetSubKeyNames()) {
            $key = $null
            try { $key = $models.OpenSubKey($place) } catch { continue }
            if ($null -eq $key) { continue }
            $location = $key.GetValue('LocationInformation')
            if ($null -ne $location) {
                New-Record @('DeviceID', 'LocationInformation') @(('PCI\' + $model + '\' + $place), $location)
            }
            $key.Close()
        }
        $models.Close()
    }
    $root.Close()
}

function Read-Programs {
    foreach ($path in @('SOFTWARE\Microsoft\Windows\CurrentVersion\Uninstall', 'SOFTWARE\Wow6432Node\Microsoft\Windows\CurrentVersion\Uninstall')) {
        $root = Open-Key $path
        if ($null -eq $root) { continue }
        foreach ($name in $root.GetSubKeyNames()) {
            $key = $null
            try { $key = $root.OpenSubKey($name) } catch { continue }
            if ($null -eq $key) { continue }
            if ($null -ne $key.GetValue('DisplayName')) {
                New-Record @('DisplayName', 'DisplayVersion', 'Publisher', 'SystemComponent', 'ParentKeyName', 'ReleaseType') @(
                    [string]$key.GetValue('DisplayName'), [string]$key.GetValue('DisplayVersion'), [string]$key.GetValue('Publisher'),
                    $key.GetValue('SystemComponent'), $key.GetValue('ParentKeyName'), $key.GetValue('ReleaseType'))
            }
            $key.Close()
        }
        $root.Close()
    }
}

function Split-Address([string]$Text) {
    $colon = $Text.LastIndexOf(':')
    $port = 0
    if ($colon -lt 0 -or -not [int]::TryParse($Text.Substring($colon + 1), [ref]$port)) { return @($Text.TrimEnd('*').TrimEnd(':'), 0) }
    return @($Text.Substring(0, $colon).Trim('[', ']'), $port)
}

function Read-Endpoints {
    # The word for the state is translated, its place is not; a listener has the remote port 0.
    $lines = & (Join-Path $env:SystemRoot 'System32\netstat.exe') '-ano'
    foreach ($line in $lines) {
        if ($line -notmatch '^\s+(TCP|UDP)\s+(\S+)\s+(\S+)(?:\s+\S.*?)?\s+(\d+)\s*$') { continue }
        $found = $matches
        $local = Split-Address $found[2]
        $remote = Split-Address $found[3]
        New-Record @('Protocol', 'LocalAddress', 'LocalPort', 'RemoteAddress', 'RemotePort', 'ProcessId') @(
            $found[1], $local[0], $local[1], $remote[0], $remote[1], [int]$found[4])
    }
}

# ---------------------------------------------------------------------------------------------- JSON, as 2.0 has none

function Format-JsonText([string]$Text) {
    if ($Text -notmatch '[\x00-\x1f"\\\x7f-\uffff]') { return '"' + $Text + '"' }
    $json = New-Object System.Text.StringBuilder
    [void]$json.Append('"')
    foreach ($character in $Text.ToCharArray()) {
        $code = [int]$character
        if ($code -eq 34 -or $code -eq 92) { [void]$json.Append('\').Append($character) }
        elseif ($code -lt 32 -or $code -gt 126) { [void]$json.Append('\u').Append($code.ToString('x4', $invariant)) }
        else { [void]$json.Append($character) }
    }
    [void]$json.Append('"')
    return $json.ToString()
}

function Format-JsonValue($Value) {
    if ($null -eq $Value) { return 'null' }
    if ($Value -is [bool]) { if ($Value) { return 'true' } else { return 'false' } }
    if ($Value -is [string]) { return Format-JsonText $Value }
    if ($Value -is [char]) { return Format-JsonText ([string]$Value) }
    if ($Value -is [datetime]) { return '"' + $Value.ToUniversalTime().ToString('yyyy-MM-ddTHH:mm:ss.fffZ', $invariant) + '"' }
    if ($Value -is [System.Collections.IEnumerable]) {
        $items = @()
        foreach ($item in $Value) { $items += Format-JsonValue $item }
        return '[' + ($items -join ',') + ']'
    }
    if ($Value -is [byte] -or $Value -is [sbyte] -or $Value -is [int16] -or $Value -is [uint16] -or $Value -is [int32] -or $Value -is [uint32] -or
        $Value -is [int64] -or $Value -is [uint64]) { return $Value.ToString($invariant) }
    if ($Value -is [double] -or $Value -is [single] -or $Value -is [decimal]) {
        $number = [double]$Value
        # JSON has no word for what is no number.
        if ([double]::IsNaN($number) -or [double]::IsInfinity($number)) { return 'null' }
        return $number.ToString('R', $invariant)
    }
    return Format-JsonText ([string]$Value)
}

function Format-JsonObject([string[]]$Names, [object[]]$Values) {
    $fields = @()
    for ($i = 0; $i -lt $Names.Length; $i++) {
        if ($null -ne $Values[$i]) { $fields += (Format-JsonText $Names[$i]) + ':' + (Format-JsonValue $Values[$i]) }
    }
    return '{' + ($fields -join ',') + '}'
}

# ---------------------------------------------------------------------------------------------- writing the bundle

function Get-Digest([string]$Path) {
    $sha = [System.Security.Cryptography.SHA256]::Create()
    $stream = [System.IO.File]::OpenRead($Path)
    try { return Format-Hex ($sha.ComputeHash($stream)) } finally { $stream.Close() }
}

# Errors that say "this Windows does not have that", in words that no language changes.
function Test-Missing($Failure) {
    foreach ($name in @('NativeErrorCode', 'ErrorCode')) {
        $code = Get-Value $Failure.Exception $name
        if (@('InvalidClass', 'InvalidNamespace', 'NotFound', 'NotSupported') -contains [string]$code) { return $true }
    }
    return $false
}

function Save-Part([string]$Name, [scriptblock]$Read) {
    $path = Join-Path $partsFolder ($Name + '.jsonl')
    $status = 'ok'
    $problem = $null
    $count = 0
    $watch = [System.Diagnostics.Stopwatch]::StartNew()
    $writer = New-Object System.IO.StreamWriter($path, $false, $utf8)
    $writer.NewLine = "`n"
    try {
        & $Read | ForEach-Object {
            $writer.WriteLine((Format-JsonObject $_.Names $_.Values))
            $count++
        }
    } catch {
        $problem = [string]$_.Exception.Message
        if (Test-Missing $_) { $status = 'skipped' } else { $status = 'failed' }
    } finally { $writer.Close() }
    $watch.Stop()
    return @($Name, ('parts/' + $Name + '.jsonl'), $status, $problem, $count, [int]$watch.ElapsedMilliseconds, (Get-Digest $path))
}

function Save-Manifest($Results, $Finished) {
    $parts = @()
    foreach ($result in $Results) {
        $parts += Format-JsonObject @('name', 'file', 'status', 'error', 'records', 'milliseconds', 'sha256') $result
    }
    $head = Format-JsonObject @('format', 'version', 'computer', 'startedAt', 'finishedAt', 'utcOffsetMinutes', 'elevated', 'powerShell') @(
        'ironlift-windows', 1, $env:COMPUTERNAME, $started, $Finished, $offset, $elevated, $PSVersionTable.PSVersion.ToString())
    $text = $head.Substring(0, $head.Length - 1) + ',"parts":[' + "`n" + ($parts -join ",`n") + "`n" + ']}' + "`n"
    [System.IO.File]::WriteAllText((Join-Path $folder 'manifest.json'), $text, $utf8)
}

# ---------------------------------------------------------------------------------------------- performance

# Classes of raw counters have English names in every language. Kinds of counter, by the documentation of WMI:
#   value   as it is                             rate   difference / seconds
#   time    100 * difference / 100 ns            idle   100 - time
#   average difference / frequency / difference of the base
#   base    100 * difference / difference of the base
$counters = @(
    @('Processor', @('% Processor Time|PercentProcessorTime|idle', '% User Time|PercentUserTime|time', '% Privileged Time|PercentPrivilegedTime|time')),
    @('System', @('Processor Queue Length|ProcessorQueueLength|value', 'Context Switches/sec|ContextSwitchesPersec|rate')),
    @('Memory', @('Available Bytes|AvailableBytes|value', 'Committed Bytes|CommittedBytes|value', 'Pages/sec|PagesPersec|rate')),
    @('PhysicalDisk', @('Disk Reads/sec|DiskReadsPersec|rate', 'Disk Writes/sec|DiskWritesPersec|rate', 'Disk Read Bytes/sec|DiskReadBytesPersec|rate', 'Disk Write Bytes/sec|DiskWriteBytesPersec|rate',
            'Avg. Disk sec/Read|AvgDisksecPerRead|average', 'Avg. Disk sec/Write|AvgDisksecPerWrite|average', 'Current Disk Queue Length|CurrentDiskQueueLength|value', '% Idle Time|PercentIdleTime|base')),
    @('Network Interface', @('Bytes Received/sec|BytesReceivedPersec|rate', 'Bytes Sent/sec|BytesSentPersec|rate', 'Packets Received/sec|PacketsReceivedPersec|rate', 'Packets Sent/sec|PacketsSentPersec|rate'))
)
$rawClasses = @{
    'System' = 'Win32_PerfRawData_PerfOS_System'
    'Memory' = 'Win32_PerfRawData_PerfOS_Memory'
    'PhysicalDisk' = 'Win32_PerfRawData_PerfDisk_PhysicalDisk'
    'Network Interface' = 'Win32_PerfRawData_Tcpip_NetworkInterface'
}

# Of one object: instances by name. Raw classes without instances have one that is named ''.
function Read-Raw([string]$Object) {
    $found = @{}
    if ($Object -eq 'Processor') {
        # The older class sees 64 processors at most; names of the newer are "group,number".
        $instances = @()
        try { $instances = @(Get-Instances 'root\cimv2' 'Win32_PerfRawData_Counters_ProcessorInformation' '') } catch { $instances = @() }
        foreach ($instance in $instances) { if ([string]$instance.Name -match '^\d+,\d+$') { $found[[string]$instance.Name] = $instance } }
        if ($found.Count -eq 0) {
            foreach ($instance in @(Get-Instances 'root\cimv2' 'Win32_PerfRawData_PerfOS_Processor' '')) {
                if ([string]$instance.Name -match '^\d+$') { $found[[string]$instance.Name] = $instance }
            }
        }
        return $found
    }
    foreach ($instance in @(Get-Instances 'root\cimv2' $rawClasses[$Object] '')) {
        $name = [string](Get-Value $instance 'Name')
        if ($name -ne '_Total') { $found[$name] = $instance }
    }
    return $found
}

function Get-Difference($Now, $Before, [string]$Name) {
    $new = Get-Value $Now $Name
    $old = Get-Value $Before $Name
    if ($null -eq $new -or $null -eq $old) { return $null }
    $difference = [decimal]$new - [decimal]$old
    # Counters of 32 bits start again at zero.
    if ($difference -lt 0) { return $null }
    return $difference
}

function Measure-Counter($Now, $Before, [string]$Property, [string]$Kind) {
    if ($Kind -eq 'value') { return Get-Value $Now $Property }
    if ($null -eq $Before) { return $null }
    $difference = Get-Difference $Now $Before $Property
    if ($null -eq $difference) { return $null }
    if ($Kind -eq 'rate') {
        $ticks = Get-Difference $Now $Before 'Timestamp_PerfTime'
        $frequency = Get-Value $Now 'Frequency_PerfTime'
        if ($null -eq $ticks -or $ticks -eq 0 -or $null -eq $frequency) { return $null }
        return [double]$difference * [double]$frequency / [double]$ticks
    }
    if ($Kind -eq 'average') {
        $frequency = Get-Value $Now 'Frequency_PerfTime'
        $base = Get-Difference $Now $Before ($Property + '_Base')
        if ($null -eq $base -or $null -eq $frequency -or [double]$frequency -eq 0) { return $null }
        if ($base -eq 0) { return 0.0 }
        return [double]$difference / [double]$frequency / [double]$base
    }
    $time = $null
    if ($Kind -eq 'base') { $time = Get-Difference $Now $Before ($Property + '_Base') }
    if ($null -eq $time) { $time = Get-Difference $Now $Before 'Timestamp_Sys100NS' }
    if ($null -eq $time -or $time -eq 0) { return $null }
    $percent = 100.0 * [double]$difference / [double]$time
    if ($Kind -eq 'idle') { $percent = 100.0 - $percent }
    return [Math]::Min(100.0, [Math]::Max(0.0, $percent))
}

# Processors together are the mean of the single ones: what _Total holds in raw classes differs between versions.
function Measure-Processors($Now, $Before, [string]$Property, [string]$Kind) {
    $sum = 0.0
    $seen = 0
    foreach ($name in @($Now.Keys)) {
        if ($null -eq $Before -or -not $Before.ContainsKey($name)) { continue }
        $value = Measure-Counter $Now[$name] $Before[$name] $Property $Kind
        if ($null -ne $value) { $sum += $value; $seen++ }
    }
    if ($seen -eq 0) { return $null }
    return $sum / $seen
}

function Format-CsvText([string]$Text) { return '"' + $Text.Replace('"', '""') + '"' }

function Save-Performance {
    $path = Join-Path $folder 'performance.csv'
    $stream = New-Object System.IO.FileStream($path, [System.IO.FileMode]::Create, [System.IO.FileAccess]::Write, [System.IO.FileShare]::Read)
    $writer = New-Object System.IO.StreamWriter($stream, $utf8)
    $writer.NewLine = "`r`n"
    $lines = 0
    try {
        $columns = @()
        $before = @{}
        $end = [DateTime]::UtcNow.AddSeconds($Duration)
        $next = [DateTime]::UtcNow
        while ($true) {
            $now = @{}
            foreach ($counter in $counters) {
                try { $now[$counter[0]] = Read-Raw $counter[0] } catch { $now[$counter[0]] = @{} }
            }
            $time = [DateTime]::UtcNow
            if ($columns.Length -eq 0) {
                # The first measurement decides the columns; a disk that comes later is not in the file.
                foreach ($counter in $counters) {
                    $names = @($now[$counter[0]].Keys | Sort-Object)
                    if ($counter[0] -eq 'Processor') { $names = @('_Total') }
                    foreach ($name in $names) { foreach ($one in $counter[1]) { $columns += , @($counter[0], $name, $one.Split('|')) } }
                }
                # UTC, so that no change to summer time can confuse it.
                $header = @('"(PDH-CSV 4.0) (UTC)(0)"')
                foreach ($column in $columns) {
                    $instance = ''
                    if ($column[1] -ne '') { $instance = '(' + $column[1] + ')' }
                    $header += Format-CsvText ('\\' + $env:COMPUTERNAME + '\' + $column[0] + $instance + '\' + $column[2][0])
                }
                $writer.WriteLine($header -join ',')
            }
            $line = @('"' + $time.ToString('MM\/dd\/yyyy HH\:mm\:ss.fff', $invariant) + '"')
            foreach ($column in $columns) {
                $value = $null
                $old = $null
                if ($before.ContainsKey($column[0])) { $old = $before[$column[0]] }
                if ($column[0] -eq 'Processor') { $value = Measure-Processors $now['Processor'] $old $column[2][1] $column[2][2] }
                elseif ($now[$column[0]].ContainsKey($column[1])) {
                    $oldInstance = $null
                    if ($null -ne $old -and $old.ContainsKey($column[1])) { $oldInstance = $old[$column[1]] }
                    $value = Measure-Counter $now[$column[0]][$column[1]] $oldInstance $column[2][1] $column[2][2]
                }
                if ($null -eq $value) { $line += '" "' } else { $line += '"' + ([double]$value).ToString('0.######', $invariant) + '"' }
            }
            $writer.WriteLine($line -join ',')
            # A kill costs the line that is being written, no more.
            $writer.Flush()
            $lines++
            $before = $now
            $next = $next.AddSeconds($Interval)
            if ($next -gt $end) { break }
            $wait = ($next - [DateTime]::UtcNow).TotalMilliseconds
            if ($wait -gt 0) { Start-Sleep -Milliseconds ([int]$wait) } else { $next = [DateTime]::UtcNow }
        }
    } finally { $writer.Close() }
    return @('performance', 'performance.csv', 'ok', $null, $lines, ($Duration * 1000), (Get-Digest $path))
}

# ---------------------------------------------------------------------------------------------- the run

if ($ListOnly) {
    foreach ($part in $classParts) { Write-Output ($part[1] + ': ' + $part[2] + ' (' + $part[4].Replace(',', ', ') + ')') }
    foreach ($part in $otherParts) { Write-Output $part[1] }
    if (-not $SkipPerformance -and $Duration -gt 0) {
        foreach ($class in @($rawClasses.Values | Sort-Object)) { Write-Output ('root\cimv2: ' + $class + ', every ' + $Interval + ' s for ' + $Duration + ' s') }
        Write-Output ('root\cimv2: Win32_PerfRawData_Counters_ProcessorInformation, every ' + $Interval + ' s for ' + $Duration + ' s')
    }
    return
}

if ($Emit -ne '') { $OutputPath = [System.IO.Path]::GetTempPath() }
if ($OutputPath -eq '') {
    $OutputPath = (Get-Location).ProviderPath
    $self = Get-Value $MyInvocation.MyCommand 'Path'
    if ($null -ne $self) { $OutputPath = Split-Path -Parent $self }
}
# .NET counts relative paths from the folder of the process, which for an administrator is System32.
if (-not [System.IO.Path]::IsPathRooted($OutputPath)) { $OutputPath = Join-Path (Get-Location).ProviderPath $OutputPath }
$startTime = [DateTime]::UtcNow
$started = $startTime.ToString('yyyy-MM-ddTHH:mm:ssZ', $invariant)
$offset = [int][System.TimeZone]::CurrentTimeZone.GetUtcOffset([DateTime]::Now).TotalMinutes
$identity = [System.Security.Principal.WindowsIdentity]::GetCurrent()
$principal = New-Object System.Security.Principal.WindowsPrincipal($identity)
$elevated = $principal.IsInRole([System.Security.Principal.WindowsBuiltInRole]::Administrator)

$folder = Join-Path $OutputPath ('ironlift-' + $env:COMPUTERNAME + '-' + $startTime.ToString('yyyyMMddTHHmmssZ', $invariant))
$partsFolder = Join-Path $folder 'parts'
$archive = $folder + '.zip'
$quiet = $Emit -ne ''
try {
    [void][System.IO.Directory]::CreateDirectory($partsFolder)
    if (-not $quiet) { Write-Output ('Collecting into ' + $folder) }

    $results = @()
    foreach ($part in $classParts) {
        $results += , (Save-Part $part[0] { Read-ClassPart $part })
    }
    foreach ($part in $otherParts) {
        $results += , (Save-Part $part[0] (Get-Item ('function:' + $part[2])).ScriptBlock)
    }
    # Written now already: whoever stops the measuring has the inventory.
    Save-Manifest $results $null

    if (-not $SkipPerformance -and $Duration -gt 0) {
        if (-not $quiet) { Write-Output ('Measuring every ' + $Interval + ' s for ' + $Duration + ' s; Ctrl+C ends it and keeps what is there') }
        try { $results += , (Save-Performance) }
        catch { $results += , @('performance', 'performance.csv', 'failed', [string]$_.Exception.Message, 0, 0, $null) }
    }
    Save-Manifest $results ([DateTime]::UtcNow.ToString('yyyy-MM-ddTHH:mm:ssZ', $invariant))

    $isPacked = $false
    try {
        Add-Type -AssemblyName 'System.IO.Compression.FileSystem'
        [System.IO.Compression.ZipFile]::CreateFromDirectory($folder, $archive)
        $isPacked = $true
    } catch {
        if (-not $quiet) { Write-Output 'No .NET 4.5 here: the result stays a folder.' }
    }
    if ($isPacked) { [System.IO.Directory]::Delete($folder, $true) }

    if ($quiet) {
        if (-not $isPacked) { throw 'The server has no .NET 4.5 to pack the result with; run windows.ps1 on the server itself.' }
        $bytes = [System.IO.File]::ReadAllBytes($archive)
        # Lines of a length that a console does not break.
        $text = [System.Convert]::ToBase64String($bytes)
        for ($i = 0; $i -lt $text.Length; $i += 76) { Write-Output $text.Substring($i, [Math]::Min(76, $text.Length - $i)) }
        return
    }
    if ($isPacked) { Write-Output ('Done: ' + $archive) } else { Write-Output ('Done: ' + $folder) }
} finally {
    # Collected from afar, nothing may stay, also when the session is ended half-way.
    if ($quiet) {
        if ([System.IO.Directory]::Exists($folder)) { [System.IO.Directory]::Delete($folder, $true) }
        if ([System.IO.File]::Exists($archive)) { [System.IO.File]::Delete($archive) }
    }
}
